//! Names for what is kept: a hash of all that decides about it.

use hmac_sha256::Hash;

/// Of parts, whose lengths count, so that no two lists of parts look the same.
pub(crate) fn short_hash<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hash = Hash::new();
    for part in parts {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    hash.finalize().iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}
