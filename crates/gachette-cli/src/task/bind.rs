//! Tells the two generations of scripts apart: those without and those with a domain as first argument.

use super::call::TaskCall;
use super::signature::Generation::{WithDomain, WithoutDomain};
use super::signature::{ArgumentError, Arguments, Generation, Signature};

/// Matches a call to its task's arguments.
///
/// `is_project` says whether the configuration knows a project of this name; only `quick` needs it.
pub(crate) fn bind(
    task: &'static Signature,
    call: &TaskCall,
    is_project: &dyn Fn(&str) -> bool,
) -> Result<Arguments, ArgumentError> {
    let domain_is_named = call.keyword.iter().any(|(key, _)| key == "domain");
    if !task.takes_domain || domain_is_named {
        return task.bind(call, WithoutDomain);
    }
    let generation = match task.name {
        "stack_create" => of_stack_create(task, call)?,
        "quick" => of_quick(task, call, is_project)?,
        _ if call.positional.len() + call.keyword.len() > task.required.len() => WithDomain,
        _ => WithoutDomain,
    };
    task.bind(call, generation)
}

/// An absolute path is the meta path; the names before it are `[domain,] name`.
fn of_stack_create(task: &'static Signature, call: &TaskCall) -> Result<Generation, ArgumentError> {
    let path = call.positional.iter().position(|argument| argument.starts_with('/'));
    let names = path.unwrap_or(call.positional.len());
    // An empty argument stands in the meta path's place: `stack_create:124,,123`.
    let blank = call.positional.iter().position(String::is_empty).unwrap_or(names);
    match names.min(blank) {
        0 | 1 => Ok(WithoutDomain),
        2 => Ok(WithDomain),
        _ => Err(task
            .unclear(format!("`{}` is no absolute path, so it cannot be the meta path", call.positional[2]))),
    }
}

/// The project is the argument that the configuration knows as one.
fn of_quick(
    task: &'static Signature,
    call: &TaskCall,
    is_project: &dyn Fn(&str) -> bool,
) -> Result<Generation, ArgumentError> {
    let known = |index: usize| call.positional.get(index).is_some_and(|argument| is_project(argument));
    match (known(1), known(2), call.positional.as_slice()) {
        (true, false, _) => Ok(WithoutDomain),
        (false, true, _) => Ok(WithDomain),
        (true, true, [_, first, second, ..]) => Err(task.unclear(format!(
            "`{first}` and `{second}` are both projects of the configuration; say `domain=…` to tell domain and stack apart"
        ))),
        (false, false, [_, first, second, ..]) if !second.is_empty() => Err(task.unclear(format!(
            "neither `{first}` nor `{second}` is a project of the configuration; say `domain=…` to tell domain and stack apart"
        ))),
        _ => Ok(WithoutDomain),
    }
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::find;
    use super::*;

    fn bound(text: &str, names: &[&str]) -> Result<String, String> {
        let call = TaskCall::parse(text);
        let task = find(&call.name).unwrap();
        let shown = |arguments: Arguments| {
            let all = [&["domain"], task.required, task.optional].concat();
            let given = all.iter().filter_map(|name| Some(format!("{name}={}", arguments.get(name)?)));
            given.collect::<Vec<_>>().join(" ")
        };
        bind(task, &call, &|name| names.contains(&name)).map(shown).map_err(|error| error.to_string())
    }

    fn reads(text: &str) -> String {
        bound(text, &["web", "config"]).unwrap()
    }

    #[test]
    fn stack_create_is_read_in_both_generations() {
        assert_eq!(reads("stack_create:124"), "name=124");
        assert_eq!(reads("stack_create:prod,124"), "domain=prod name=124");
        assert_eq!(reads("stack_create:124,/meta"), "name=124 meta_path=/meta");
        assert_eq!(reads("stack_create:124,/meta,123"), "name=124 meta_path=/meta from_stack=123");
        assert_eq!(
            reads("stack_create:prod,124,/meta,123"),
            "domain=prod name=124 meta_path=/meta from_stack=123"
        );
        assert_eq!(reads("stack_create:124,,123"), "name=124 from_stack=123");
        assert_eq!(reads("stack_create:124,from_stack=123"), "name=124 from_stack=123");
        assert_eq!(reads("stack_create:domain=prod,name=124"), "domain=prod name=124");
    }

    #[test]
    fn add_to_stack_with_five_arguments_has_no_domain() {
        let five = "name=dh-x version=1 file_name=x.deb meta_path=/meta stack_version=124";
        assert_eq!(reads("add_to_stack:dh-x,1,x.deb,/meta,124"), five);
        assert_eq!(reads("add_to_stack:prod,dh-x,1,x.deb,/meta,124"), format!("domain=prod {five}"));
        assert_eq!(reads("add_to_stack:dh-x,1,x.deb,/meta,stack_version=124"), five);
    }

    #[test]
    fn quick_finds_the_project_by_the_configuration() {
        assert_eq!(reads("quick:124,web"), "stack=124 project=web");
        assert_eq!(reads("quick:124,web,master"), "stack=124 project=web ref=master");
        assert_eq!(reads("quick:prod,124,web"), "domain=prod stack=124 project=web");
        assert_eq!(reads("quick:prod,124,web,master"), "domain=prod stack=124 project=web ref=master");
        assert_eq!(reads("quick:124,other,url=/r"), "stack=124 project=other url=/r");
    }

    #[test]
    fn a_call_with_two_readings_is_refused_and_asks_for_the_domain() {
        for text in ["quick:124,web,config", "quick:124,other,master"] {
            assert!(bound(text, &["web", "config"]).unwrap_err().contains("`domain=…`"), "{text}");
        }
        assert_eq!(
            reads("quick:124,web,config,domain=default"),
            "domain=default stack=124 project=web ref=config"
        );
    }

    #[test]
    fn an_empty_optional_argument_counts_as_not_given() {
        assert_eq!(reads("quick:124,web,"), "stack=124 project=web");
        assert_eq!(reads("quick:124,other,,/url"), "stack=124 project=other url=/url");
    }

    #[test]
    fn wrong_arguments_show_the_signature() {
        for (text, part) in [
            ("prepare", "needs `name`"),
            ("prepare:", "needs `name`"),
            ("prepare:a,b,c,d", "no further argument `d`"),
            ("prepare:a,color=red", "no argument `color`"),
            ("prepare:a,name=b", "`name` twice"),
            ("version:1", "no further argument `1`"),
            ("stack_create:a,b,c", "no absolute path"),
        ] {
            let message = bound(text, &[]).unwrap_err();
            assert!(message.contains(part) && message.contains("it is called as"), "{text}: {message}");
        }
    }
}
