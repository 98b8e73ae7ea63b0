//! One package in a `Packages` file.

use crate::debian::{Paragraph, ParagraphError};
use crate::stack::PackageRecord;

/// The folder of package files, from where a suite's `dists` lies.
pub const POOL: &str = "debs";

/// What an index says of a file; a control file that says it too is not believed.
const OF_THE_INDEX: [&str; 9] =
    ["Filename", "Size", "MD5sum", "SHA1", "SHA256", "SHA512", "Description-md5", "Status", "Conffiles"];

/// A package's paragraph: the fields of its control file, then where its file is and what it must be. The description,
/// which may be long, is the last.
///
/// # Errors
/// When a field of the record cannot be written, which no record that was made from a package has.
pub fn stanza(record: &PackageRecord) -> Result<String, ParagraphError> {
    let mut paragraph = Paragraph::new();
    paragraph.set("Package", record.name.as_str())?;
    let last = |name: &str| name.eq_ignore_ascii_case("Description");
    let ours = |name: &str| OF_THE_INDEX.iter().any(|field| field.eq_ignore_ascii_case(name));
    for (name, value) in record.control.iter().filter(|(name, _)| !last(name) && !ours(name)) {
        paragraph.set(name, value)?;
    }
    paragraph.set("Filename", &format!("{POOL}/{}", record.file))?;
    paragraph.set("Size", &record.size.to_string())?;
    paragraph.set("SHA256", &record.sha256.to_string())?;
    if let Some((name, description)) = record.control.iter().find(|(name, _)| last(name)) {
        paragraph.set(name, description)?;
    }
    Ok(paragraph.to_string())
}

/// Which files an index of such paragraphs names, in the folder of package files, each with its size.
pub fn files_of(index: &str) -> impl Iterator<Item = (&str, u64)> {
    // One field follows the other, and lines of other fields begin otherwise or with a space.
    let mut lines = index.lines();
    std::iter::from_fn(move || {
        let path = lines.find_map(|line| line.strip_prefix("Filename: "))?;
        let name = path.strip_prefix(POOL)?.strip_prefix('/')?;
        Some((name, lines.next()?.strip_prefix("Size: ")?.parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sha256Digest;
    use crate::stack::{Provenance, RECORD_FORMAT};

    fn record(control: &[(&str, &str)]) -> PackageRecord {
        PackageRecord {
            format: RECORD_FORMAT,
            name: "dh-web".parse().unwrap(),
            version: "1:2.0-1".parse().unwrap(),
            architecture: "all".parse().unwrap(),
            file: "dh-web-1:2.0-1-all.deb".to_owned(),
            size: 1234,
            sha256: Sha256Digest::of(b"web"),
            provenance: Provenance::default(),
            control: control.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            record: None,
        }
    }

    #[test]
    fn what_the_control_file_says_comes_first_and_its_lines_stay() {
        let stanza = stanza(&record(&[
            ("Package", "dh-web"),
            ("Version", "1:2.0-1"),
            ("Description", "a shop\nwith lines\n.\nand more"),
            ("Architecture", "all"),
        ]));
        let digest = Sha256Digest::of(b"web");
        let expected = format!(
            "Package: dh-web\nVersion: 1:2.0-1\nArchitecture: all\nFilename: debs/dh-web-1:2.0-1-all.deb\nSize: 1234\n\
             SHA256: {digest}\nDescription: a shop\n with lines\n .\n and more\n"
        );
        assert_eq!(stanza.unwrap(), expected);
    }

    #[test]
    fn the_files_of_an_index_are_read_back() {
        let one = stanza(&record(&[("Description", "a shop\nFilename: debs/x\nSize: 1")])).unwrap();
        let found: Vec<(String, u64)> =
            files_of(&format!("{one}\n{one}\n")).map(|(file, size)| (file.to_owned(), size)).collect();
        assert_eq!(found, vec![("dh-web-1:2.0-1-all.deb".to_owned(), 1234); 2]);
        assert_eq!(files_of("").count(), 0);
    }

    #[test]
    fn a_package_does_not_say_which_file_it_is() {
        let hostile =
            [("Package", "dh-web"), ("filename", "../../etc/shadow"), ("MD5Sum", "0"), ("size", "1")];
        let stanza = stanza(&record(&hostile)).unwrap();
        assert!(!stanza.contains("shadow") && !stanza.contains("MD5"), "{stanza}");
        assert_eq!(stanza.matches("ize:").count(), 1, "{stanza}");
    }
}
