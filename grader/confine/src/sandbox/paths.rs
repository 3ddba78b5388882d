//! Paths as the bytes that they are, for `serde(with)`: text cannot say them all.

use std::ffi::OsString;
use std::path::PathBuf;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub(crate) fn serialize<S: Serializer>(paths: &[PathBuf], to: S) -> Result<S::Ok, S::Error> {
    paths.iter().map(|path| path.as_os_str()).collect::<Vec<_>>().serialize(to)
}

pub(crate) fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<Vec<PathBuf>, D::Error> {
    Ok(Vec::<OsString>::deserialize(from)?.into_iter().map(PathBuf::from).collect())
}
