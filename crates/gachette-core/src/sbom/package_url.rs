//! Package URLs of Debian packages, <https://github.com/package-url/purl-spec>.

use std::fmt::Write as _;

use crate::stack::PackageRecord;

/// `pkg:deb/VENDOR/NAME@VERSION?arch=ARCHITECTURE`.
pub(super) fn package_url(record: &PackageRecord, vendor: &str) -> String {
    let (vendor, name) = (encoded(&vendor.to_lowercase()), encoded(record.name.as_str()));
    let version = encoded(record.version.as_str());
    format!("pkg:deb/{vendor}/{name}@{version}?arch={}", encoded(record.architecture.as_str()))
}

/// Percent-encoded; the colon alone of all that is not plain stays.
pub(super) fn encoded(text: &str) -> String {
    let mut url = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' | b'~' | b':' => {
                url.push(char::from(byte));
            }
            // Writing to a String cannot fail.
            _ => drop(write!(url, "%{byte:02X}")),
        }
    }
    url
}

#[cfg(test)]
mod tests {
    use super::encoded;

    #[test]
    fn versions_are_spelled_as_the_specification_has_them() {
        // Of its examples, and its rules for what is encoded.
        assert_eq!(encoded("1:2.4.47-2"), "1:2.4.47-2");
        assert_eq!(encoded("1.0~rc1+b2"), "1.0~rc1%2Bb2");
        assert_eq!(encoded("libstdc++6"), "libstdc%2B%2B6");
        assert_eq!(encoded("a b/c@d?e"), "a%20b%2Fc%40d%3Fe");
    }
}
