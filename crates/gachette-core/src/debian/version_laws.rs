//! The laws that the order of versions keeps; that it is dpkg's order is shown against dpkg itself, in trebuchet's tests.

use std::hash::{DefaultHasher, Hash, Hasher};

use proptest::prelude::*;

use super::Version;
use crate::debian::VersionRef;

/// Versions of few characters, so that many are equal or nearly so.
fn version() -> impl Strategy<Value = Version> {
    "(0:|1:|00:)?[0-2][01a~+.-]{0,5}(-[01a~.]{1,3})?".prop_filter_map("malformed", |text| text.parse().ok())
}

fn hash(version: &Version) -> u64 {
    let mut hasher = DefaultHasher::new();
    version.hash(&mut hasher);
    hasher.finish()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn equal_versions_hash_alike(left in version(), right in version()) {
        if left == right {
            prop_assert_eq!(hash(&left), hash(&right), "{} {}", left, right);
        }
    }

    #[test]
    fn zeros_that_mean_nothing_change_neither_order_nor_hash(text in "[1-9][0-9]{0,2}([.+~a]{1,2}[1-9][0-9]{0,1}){0,3}") {
        let plain: Version = text.parse().unwrap();
        let spelled: Version = format!("0:0{text}-0").parse().unwrap();
        prop_assert_eq!(&plain, &spelled);
        prop_assert_eq!(hash(&plain), hash(&spelled));
    }

    #[test]
    fn the_order_is_total(a in version(), b in version(), c in version()) {
        prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
        prop_assert_eq!(a == b, a.cmp(&b).is_eq());
        if a <= b && b <= c {
            prop_assert!(a <= c, "{} {} {}", a, b, c);
        }
    }

    #[test]
    fn a_version_has_the_same_order_where_it_stands(a in version(), b in version()) {
        let (left, right) = (VersionRef::from(a.as_str()), VersionRef::from(b.as_str()));
        prop_assert_eq!(left.cmp(&right), a.cmp(&b), "{} {}", a, b);
    }

    #[test]
    fn what_is_printed_is_read_back_the_same(version in version()) {
        let again: Version = version.to_string().parse().unwrap();
        prop_assert_eq!(again.as_str(), version.as_str());
    }
}
