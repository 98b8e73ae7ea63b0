//! One package in a `Packages` file.

use std::borrow::Cow;

use super::listing::Listed;
use crate::debian::{Paragraph, ParagraphError, RelationField, Relations};
use crate::stack::PackageRecord;

/// The folder of package files, from where a suite's `dists` lies.
pub const POOL: &str = "debs";

/// What an index says of a file; a control file that says it too is not believed.
const OF_THE_INDEX: [&str; 9] =
    ["Filename", "Size", "MD5sum", "SHA1", "SHA256", "SHA512", "Description-md5", "Status", "Conffiles"];

/// A package's paragraph: the fields of its control file, then where its file is and what it must be. The description,
/// which may be long, is the last. Name, version and architecture are the record's, whatever its control fields say. What dpkg reads
/// and apt does not would keep apt from the whole index: fields without a value are left out, and relations written as dpkg writes them.
///
/// # Errors
/// When a field of the record cannot be written, which no record that was made from a package has.
pub fn stanza(record: &PackageRecord) -> Result<String, ParagraphError> {
    let mut paragraph = Paragraph::new();
    paragraph.set("Package", record.name.as_str())?;
    let last = |name: &str| name.eq_ignore_ascii_case("Description");
    let ours = |name: &str| OF_THE_INDEX.iter().any(|field| field.eq_ignore_ascii_case(name));
    for (name, value) in record.control.iter().filter(|(name, _)| !last(name) && !ours(name)) {
        let of_record = of_record(record, name);
        let Some(value) = for_apt(name, value) else { continue };
        // A name that is said once more, in other capitals, stays where it was said first.
        if of_record.is_none_or(|_| paragraph.get(name).is_none()) {
            paragraph.set(name, of_record.unwrap_or(&value))?;
        }
    }
    for name in ["Version", "Architecture"] {
        if paragraph.get(name).is_none() {
            paragraph.set(name, of_record(record, name).unwrap_or_default())?;
        }
    }
    paragraph.set("Filename", &format!("{POOL}/{}", record.file))?;
    paragraph.set("Size", &record.size.to_string())?;
    paragraph.set("SHA256", &record.sha256.to_string())?;
    if let Some((name, description)) = record.control.iter().find(|(name, _)| last(name)) {
        paragraph.set(name, description)?;
    }
    Ok(paragraph.to_string())
}

/// The value of a control field in a form that apt reads too; nothing when there is none.
fn for_apt<'v>(name: &str, value: &'v str) -> Option<Cow<'v, str>> {
    let is_relations = RelationField::ALL.iter().any(|field| field.name().eq_ignore_ascii_case(name));
    // What dpkg does not read either stays as it is.
    let relations = is_relations.then(|| Relations::from_dpkg(value).ok()).flatten();
    let value = relations.map_or(Cow::Borrowed(value), |relations| Cow::Owned(relations.to_string()));
    (!value.trim().is_empty()).then_some(value)
}

/// What the record itself says of a field, if it is one that says which package this is.
fn of_record<'r>(record: &'r PackageRecord, field: &str) -> Option<&'r str> {
    let is = |name: &str| field.eq_ignore_ascii_case(name);
    if is("Package") {
        Some(record.name.as_str())
    } else if is("Version") {
        Some(record.version.as_str())
    } else {
        is("Architecture").then(|| record.architecture.as_str())
    }
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

/// Whether an index is of these packages and no others, in this order: each paragraph says the name, version, architecture and
/// SHA-256 of one of them. An index that another reader might part into other lines or paragraphs is not.
pub fn lists(index: &str, packages: &[Listed<'_>]) -> bool {
    // Each ends with an empty line, the last one too: another index may follow.
    let mut paragraphs = index.split_inclusive("\n\n");
    let one_by_one = packages.iter().all(|listed| {
        let paragraph = paragraphs.next().and_then(|text| text.strip_suffix("\n\n"));
        paragraph.is_some_and(|text| is_of(text, listed))
    });
    one_by_one && paragraphs.next().is_none()
}

/// Whether a paragraph is of this package, and of no other for a reader that takes the last of several fields, or does not care for
/// capitals.
fn is_of(paragraph: &str, listed: &Listed<'_>) -> bool {
    let (mut name, mut version, mut architecture, mut sha256) = (0, 0, 0, 0);
    for line in paragraph.split('\n') {
        if line.starts_with(' ') {
            if line.trim().is_empty() || line.contains('\r') {
                return false;
            }
            continue;
        }
        let Some((field, value)) = line.split_once(':') else { return false };
        let value = value.strip_prefix(' ').unwrap_or(value);
        if value.contains('\r') || field.bytes().any(|byte| !byte.is_ascii_graphic()) {
            return false;
        }
        let (seen, right) = match field.len() {
            7 if field.eq_ignore_ascii_case("Package") => (&mut name, value == listed.name.as_str()),
            7 if field.eq_ignore_ascii_case("Version") => (&mut version, value == listed.version.as_str()),
            12 if field.eq_ignore_ascii_case("Architecture") => {
                (&mut architecture, value == listed.architecture.as_str())
            }
            6 if field.eq_ignore_ascii_case("SHA256") => {
                (&mut sha256, value.parse().ok() == Some(listed.file))
            }
            _ => continue,
        };
        if !right {
            return false;
        }
        *seen += 1;
    }
    [name, version, architecture, sha256] == [1; 4]
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
    fn fields_without_a_value_are_left_out_and_relations_are_spelt_as_dpkg_does() {
        let stanza = stanza(&record(&[
            ("Depends", "libfoo(=2),libbar( =1 )\n, libbaz:any|libqux (< 3)"),
            ("Provides", ""),
            ("suggests", "aa(9)"),
            ("Homepage", " "),
            ("X-Note", "b  (=1),,c"),
            ("Enhances", "what dpkg (would refuse"),
        ]));
        let stanza = stanza.unwrap();
        let fields: Vec<&str> =
            stanza.lines().skip(1).take_while(|line| !line.starts_with("Version")).collect();
        let expected = [
            "Depends: libfoo (= 2), libbar (= 1), libbaz:any | libqux (<= 3)",
            "suggests: aa (= 9)",
            "X-Note: b  (=1),,c",
            "Enhances: what dpkg (would refuse",
        ];
        assert_eq!(fields, expected);
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
    fn an_index_that_any_reader_could_take_for_another_lists_nothing() {
        let record = record(&[("Version", "1:2.0-1"), ("Architecture", "all"), ("Description", "a\nb: c")]);
        let listed = Listed {
            name: &record.name,
            version: &record.version,
            architecture: &record.architecture,
            file: record.sha256,
        };
        let (one, other) = (stanza(&record).unwrap(), Sha256Digest::of(b"other"));
        let two = format!("{one}\n{one}\n");
        let whole = format!("{one}\n");
        assert!(lists(&two, &[listed; 2]) && lists(&whole, &[listed]) && lists("", &[]));
        for text in [
            one.clone(),
            format!("{whole}\n"),
            format!("\n{whole}"),
            format!("{one}X: "),
            format!("{whole}X: "),
        ] {
            assert!(!lists(&text, &[listed]), "{text:?}");
        }
        assert!(!lists(&two, &[listed]) && !lists(&two, &[listed; 3]) && !lists("", &[listed]));
        assert!(!lists(&two, &[listed, Listed { file: other, ..listed }]));
        for added in ["SHA256", "sha256", "Sha256 ", "\tx\nSHA256", "X: y\r\nSHA256", "\u{b}SHA256"] {
            let text = whole.replace("Size: ", &format!("{added}: {other}\nSize: "));
            assert!(!lists(&text, &[listed]), "{text:?}");
        }
        for (from, to) in [
            ("dh-web\n", "dh-shop\n"),
            ("1:2.0-1\n", "1:2.0-2\n"),
            ("all\n", "amd64\n"),
            ("\n a\n", "\n\n"),
            ("Size", "\r\nSize"),
            (" b", " \n b"),
            ("Version", "X-Version"),
        ] {
            let text = whole.replacen(from, to, 1);
            assert!(text == whole || !lists(&text, &[listed]), "{text:?}");
        }
    }

    #[test]
    fn a_record_is_of_one_package_whatever_its_control_fields_say() {
        let hostile = record(&[
            ("Package", "base-files"),
            ("version", "999"),
            ("ARCHITECTURE", "amd64"),
            ("Version", "998"),
            ("Description", "a shop"),
        ]);
        let text = stanza(&hostile).unwrap();
        let listed = Listed {
            name: &hostile.name,
            version: &hostile.version,
            architecture: &hostile.architecture,
            file: hostile.sha256,
        };
        assert!(lists(&format!("{text}\n"), &[listed]), "{text}");
        assert!(lists(&format!("{}\n", stanza(&record(&[])).unwrap()), &[listed]), "what they do not say");
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
