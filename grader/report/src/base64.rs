//! Base64 (RFC 4648, section 4), which is only written here.

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// `bytes` as text: four digits for three bytes, filled up with `=`.
pub fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let byte = |place: usize| three.get(place).map_or(0, |&byte| usize::from(byte));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let digit = DIGITS[bits >> (18 - 6 * place) & 63];
            text.push(if place <= three.len() { digit.into() } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::base64;

    /// Those of RFC 4648, section 10, and each digit once.
    #[test]
    fn text_is_as_the_standard_has_it() {
        let vectors = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ];
        for (bytes, text) in vectors {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
        let all: Vec<u8> = (0..16u32)
            .flat_map(|four| {
                let digit = |place| (four * 4 + place) << (18 - 6 * place);
                let [_, bytes @ ..] = (digit(0) | digit(1) | digit(2) | digit(3)).to_be_bytes();
                bytes
            })
            .collect();
        assert_eq!(base64(&all).as_bytes(), super::DIGITS);
    }
}
