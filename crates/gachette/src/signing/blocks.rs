//! The blocks of armored text (RFC 9580, 6.2) in one file: several exports that were put behind each other.

/// How a block begins.
const BEGIN: &[u8] = b"-----BEGIN PGP ";

/// The blocks of a text, the first with what stands before it; bytes that are no text of that kind are all one.
pub(super) fn blocks(bytes: &[u8]) -> Vec<&[u8]> {
    // A packet begins with a byte that text does not have (RFC 9580, 4.2).
    if bytes.first().is_some_and(|byte| byte & 0x80 != 0) {
        return vec![bytes];
    }
    let windows = bytes.windows(BEGIN.len()).enumerate();
    let begins = windows.filter(|(_, window)| *window == BEGIN).map(|(at, _)| at).skip(1);
    let (mut blocks, mut last) = (Vec::new(), 0);
    for at in begins.chain([bytes.len()]) {
        blocks.push(&bytes[last..at]);
        last = at;
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_where_a_block_begins_also_on_the_line_on_which_another_ends() {
        let (one, two) = ("-----BEGIN PGP A-----\n\nx\n-----END PGP A-----", "-----BEGIN PGP B-----\ny\n");
        for (text, expected) in [
            (String::new(), vec![""]),
            ("garbage".to_owned(), vec!["garbage"]),
            (one.to_owned(), vec![one]),
            (format!("{one}{two}"), vec![one, two]),
        ] {
            assert_eq!(blocks(text.as_bytes()), expected.iter().map(|it| it.as_bytes()).collect::<Vec<_>>());
        }
        let commented = format!("of ada:\n{one}\nof bob:\n{two}{one}");
        assert_eq!(blocks(commented.as_bytes()).concat(), commented.as_bytes());
        assert_eq!(blocks(commented.as_bytes()).len(), 3);
        let packets = [&[0x99][..], BEGIN, BEGIN].concat();
        assert_eq!(blocks(&packets), [&packets]);
    }
}
