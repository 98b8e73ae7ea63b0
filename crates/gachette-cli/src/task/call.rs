//! One task as it stands on the command line: `NAME[:ARG,…,key=value,…]`, in Fabric's syntax.

/// A task's name and its arguments, not yet matched to a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TaskCall {
    /// What stands before the first colon.
    pub(crate) name: String,
    /// Arguments without a key, in order.
    pub(crate) positional: Vec<String>,
    /// Arguments with a key, in order.
    pub(crate) keyword: Vec<(String, String)>,
}

impl TaskCall {
    /// Whether it is a name alone.
    pub(crate) fn has_no_arguments(&self) -> bool {
        self.positional.is_empty() && self.keyword.is_empty()
    }

    /// Splits at the first colon, then at commas, then at the first `=`; a backslash takes a comma or `=` literally.
    pub(crate) fn parse(text: &str) -> Self {
        let (name, arguments) = match text.split_once(':') {
            None => (text, None),
            Some((name, arguments)) => (name, Some(arguments)),
        };
        let mut call = Self { name: name.to_owned(), positional: Vec::new(), keyword: Vec::new() };
        for argument in arguments.map(split_arguments).unwrap_or_default() {
            match argument.key {
                Some(key) => call.keyword.push((key, argument.value)),
                None => call.positional.push(argument.value),
            }
        }
        call
    }
}

#[derive(Default)]
struct Argument {
    key: Option<String>,
    value: String,
}

fn split_arguments(text: &str) -> Vec<Argument> {
    let mut arguments = vec![Argument::default()];
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let last = arguments.len() - 1;
        let current = &mut arguments[last];
        match character {
            '\\' => match characters.next_if(|next| matches!(next, ',' | '=')) {
                Some(literal) => current.value.push(literal),
                None => current.value.push('\\'),
            },
            ',' => arguments.push(Argument::default()),
            '=' if current.key.is_none() => current.key = Some(std::mem::take(&mut current.value)),
            other => current.value.push(other),
        }
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(text: &str) -> (String, Vec<String>, Vec<(String, String)>) {
        let call = TaskCall::parse(text);
        (call.name, call.positional, call.keyword)
    }

    fn pair(key: &str, value: &str) -> (String, String) {
        (key.to_owned(), value.to_owned())
    }

    #[test]
    fn positional_and_keyword_arguments_are_told_apart() {
        let (name, positional, keyword) = call("quick:124,web,ref=origin/master");
        assert_eq!(name, "quick");
        assert_eq!(positional, ["124", "web"]);
        assert_eq!(keyword, [pair("ref", "origin/master")]);
    }

    #[test]
    fn a_task_without_colon_has_no_arguments() {
        assert_eq!(call("version"), ("version".to_owned(), vec![], vec![]));
    }

    #[test]
    fn a_backslash_takes_a_comma_or_an_equals_sign_literally() {
        assert_eq!(call(r"t:a\,b,c\=d").1, ["a,b", "c=d"]);
        assert_eq!(call(r"t:C:\path").1, [r"C:\path"]);
    }

    #[test]
    fn only_the_first_equals_sign_separates() {
        assert_eq!(call("t:url=http://h/?a=b").2, [pair("url", "http://h/?a=b")]);
    }

    #[test]
    fn colons_after_the_first_belong_to_the_arguments() {
        assert_eq!(call("prepare:web,git@host:repo.git").1, ["web", "git@host:repo.git"]);
    }

    #[test]
    fn an_empty_argument_keeps_its_place() {
        assert_eq!(call("quick:124,web,,url").1, ["124", "web", "", "url"]);
    }
}
