//! What a keeper is told to run. It comes over the socket and not as arguments: the first process of a jail has the
//! keeper's arguments, which the program can read, and the paths of this machine are none of its business.

use std::ffi::OsString;
use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};

use crate::sandbox::Policy;

/// Everything about one run.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) policy: Policy,
    /// The file that becomes the program's standard input.
    pub(super) stdin: OsString,
    pub(super) variables: Vec<(OsString, OsString)>,
    pub(super) program: OsString,
    pub(super) args: Vec<OsString>,
    /// Where it runs.
    pub(super) folder: OsString,
}

impl Order {
    /// Sends it, its length first.
    pub(super) fn send(&self, mut to: impl Write) -> io::Result<()> {
        let text = serde_json::to_vec(self)?;
        to.write_all(&(text.len() as u64).to_le_bytes())?;
        to.write_all(&text)
    }

    /// Receives it, and nothing of what comes behind it.
    pub(super) fn receive(mut from: impl Read) -> io::Result<Self> {
        let mut length = [0; 8];
        from.read_exact(&mut length)?;
        let mut text = Vec::new();
        from.take(u64::from_le_bytes(length)).read_to_end(&mut text)?;
        Ok(serde_json::from_slice(&text)?)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt;
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::sandbox::Network;

    #[test]
    fn an_order_arrives_as_it_was_whatever_bytes_its_names_have() {
        let odd = OsString::from_vec(b"a \xff:'\"=\n%".to_vec());
        let policy = Policy::new(Path::new(&odd), &[PathBuf::from(&odd)], Network::Own);
        let order = Order {
            policy,
            stdin: odd.clone(),
            variables: vec![(odd.clone(), "".into())],
            program: odd.clone(),
            args: vec!["".into(), odd.clone()],
            folder: odd,
        };
        let mut sent = Vec::new();
        order.send(&mut sent).unwrap();
        sent.extend(b"more");
        let mut rest = sent.as_slice();
        assert_eq!(Order::receive(&mut rest).unwrap(), order);
        assert_eq!(rest, b"more");
    }

    #[test]
    fn half_an_order_is_none() {
        assert!(Order::receive(&[9, 0, 0, 0, 0, 0, 0, 0, b'{'][..]).is_err());
        assert!(Order::receive(&[1][..]).is_err());
    }
}
