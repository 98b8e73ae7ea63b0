//! The tasks of the original tool, with their arguments and texts.

use super::signature::Signature;

/// All tasks, in alphabetical order, as `-l` lists them.
pub(crate) const TASKS: &[Signature] = &[
    Signature {
        name: "add_to_stack",
        required: &["name", "version", "file_name", "meta_path", "stack_version"],
        optional: &[],
        takes_domain: true,
        text: "Register a built package and add it to a stack\n\n\
               The file is looked for in the debs path and opened: its name and version must be the ones given. Another\n\
               version of the package in the stack is replaced.",
    },
    Signature {
        name: "build",
        required: &["name"],
        optional: &[
            "debs_path",
            "path_to_missile",
            "app_version",
            "env_version",
            "service_version",
            "webcallback",
        ],
        takes_domain: false,
        text: "Build the packages of a working copy\n\n\
               The recipe is `.missile.yml` unless path_to_missile names another one inside the working copy. The packages\n\
               land in the debs path; no stack is touched.",
    },
    Signature {
        name: "prepare",
        required: &["name"],
        optional: &["url", "ref"],
        takes_domain: false,
        text: "Make or refresh a working copy of a project at a ref\n\n\
               The ref is a branch, a tag or a commit; without one it is the remote's default branch. Afterwards the working\n\
               copy holds exactly that commit, and its full id is printed.",
    },
    Signature {
        name: "quick",
        required: &["stack", "project"],
        optional: &["ref", "url", "path_to_missile", "debs_path", "meta_path"],
        takes_domain: true,
        text: "Prepare, build and add all packages to a stack\n\n\
               Every package gets a version made from the commit. The stack must exist; it gets all packages in one\n\
               revision, or none. A commit that was built already from the same inputs is not built again.",
    },
    Signature {
        name: "show_config",
        required: &[],
        optional: &[],
        takes_domain: false,
        text: "Show the configuration in force, and where it came from",
    },
    Signature {
        name: "stack_create",
        required: &["name"],
        optional: &["meta_path", "from_stack"],
        takes_domain: true,
        text: "Create a stack, empty or as a copy of another\n\n\
               A stack that exists already is left as it is.",
    },
    Signature {
        name: "version",
        required: &[],
        optional: &[],
        takes_domain: false,
        text: "Show the version of gachette",
    },
];

/// The task with this name.
pub(crate) fn find(name: &str) -> Option<&'static Signature> {
    TASKS.iter().find(|task| task.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_are_listed_alphabetically() {
        assert!(TASKS.windows(2).all(|pair| pair[0].name < pair[1].name));
    }

    #[test]
    fn a_usage_line_tells_optional_arguments_apart() {
        let usage: Vec<String> = TASKS.iter().map(Signature::usage).collect();
        assert_eq!(
            usage,
            [
                "add_to_stack:[domain,] name, version, file_name, meta_path, stack_version",
                "build:name [, debs_path, path_to_missile, app_version, env_version, service_version, webcallback]",
                "prepare:name [, url, ref]",
                "quick:[domain,] stack, project [, ref, url, path_to_missile, debs_path, meta_path]",
                "show_config",
                "stack_create:[domain,] name [, meta_path, from_stack]",
                "version",
            ]
        );
    }
}
