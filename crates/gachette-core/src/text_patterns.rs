//! The patterns of texts that the API describes: whatever has the form is taken.

use proptest::prelude::*;
use proptest::string::string_regex;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;

use crate::base::{BaseName, BaseRef};
use crate::channel::CheckName;
use crate::debian::{Architecture, PackageName, Version};
use crate::git::{GitRef, GitUrl, RefName, WorkingCopyName};
use crate::log::When;
use crate::stack::{Domain, RoleName, StackName, StackRef};

/// Texts of the form that is described for a type, when somebody sends them.
fn described<T: JsonSchema>() -> impl Strategy<Value = String> {
    let settings = SchemaSettings::draft2020_12().for_deserialize();
    let schema = settings.into_generator().into_root_schema_for::<T>();
    let pattern = schema.get("pattern").and_then(|pattern| pattern.as_str()).unwrap().to_owned();
    let longest = schema.get("maxLength").and_then(|longest| longest.as_u64()).unwrap_or(u64::MAX);
    let inner = pattern.strip_prefix('^').and_then(|rest| rest.strip_suffix('$')).unwrap();
    string_regex(inner).unwrap().prop_filter("too long", move |text| (text.len() as u64) <= longest)
}

macro_rules! laws {
    ($($name:ident: $type:ty,)*) => {
        proptest! {
            #![proptest_config(ProptestConfig::with_cases(1000))]
            $(#[test]
            fn $name(text in described::<$type>()) {
                prop_assert!(text.parse::<$type>().is_ok(), "{:?}", text.parse::<$type>());
            })*
        }
    };
}

laws! {
    what_has_the_form_of_an_architecture_is_one: Architecture,
    what_has_the_form_of_a_bases_name_is_one: BaseName,
    what_has_the_form_of_a_base_or_entry_is_one: BaseRef,
    what_has_the_form_of_a_checks_name_is_one: CheckName,
    what_has_the_form_of_a_package_name_is_one: PackageName,
    what_has_the_form_of_a_version_is_one: Version,
    what_has_the_form_of_a_ref_is_one: GitRef,
    what_has_the_form_of_a_ref_name_is_one: RefName,
    what_has_the_form_of_an_address_is_one: GitUrl,
    what_has_the_form_of_a_working_copys_name_is_one: WorkingCopyName,
    what_has_the_form_of_a_domain_is_one: Domain,
    what_has_the_form_of_a_roles_name_is_one: RoleName,
    what_has_the_form_of_a_stacks_name_is_one: StackName,
    what_has_the_form_of_a_stack_or_revision_is_one: StackRef,
    what_has_the_form_of_a_day_or_time_is_one: When,
}
