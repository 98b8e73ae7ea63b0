//! From text to a [`Missile`]: variants are told apart, merged and read one by one.

use std::collections::HashMap;

use super::{Missile, Place, Problem, Recipe, values};
use crate::yaml::{self, Content, Entry, Node, Problems, Subject, merge};

/// The key that makes a file hold variants.
const DEFAULT: &str = "default";

/// The most values that all variants together may hold once they are merged.
const MOST_MERGED: usize = 200_000;

impl Missile {
    /// Reads a missile; with it come warnings, in the order of the file.
    ///
    /// # Errors
    /// All that is wrong, in the order of the file, warnings among it.
    pub fn parse(text: &str) -> Result<(Self, Vec<Problem>), Vec<Problem>> {
        let (missile, problems) = Self::examine(text);
        match missile {
            Some(missile) if !problems.iter().any(Problem::is_error) => Ok((missile, problems)),
            _ => Err(problems),
        }
    }

    /// Reads a missile from a file's bytes, which must be UTF-8.
    ///
    /// # Errors
    /// Like [`Missile::parse`].
    pub fn parse_bytes(bytes: &[u8]) -> Result<(Self, Vec<Problem>), Vec<Problem>> {
        Self::parse(yaml::utf8(bytes, Subject::RECIPE).map_err(|problem| vec![*problem])?)
    }

    /// What can be read of a missile, and all that is wrong with it, for those who look for more problems.
    ///
    /// With an error among the problems the missile lacks what the error is about: it is nothing to build from.
    pub fn examine(text: &str) -> (Option<Self>, Vec<Problem>) {
        let root = match yaml::read(text, Subject::RECIPE) {
            Ok(root) => root,
            Err(problem) => return (None, vec![*problem]),
        };
        let Content::Map(entries) = &root.content else {
            return (None, vec![not_a_recipe(&root)]);
        };
        let mut problems = Problems::default();
        let mut variants = Vec::new();
        for (variant, node) in split(&root, entries, &mut problems) {
            variants.extend(Recipe::read(variant, &node, text, &mut problems));
        }
        let missile = Self { variants };
        missile.check_packages(&mut problems);
        ((!missile.variants.is_empty()).then_some(missile), problems.into_sorted())
    }

    /// Like [`Missile::examine`], from a file's bytes.
    pub fn examine_bytes(bytes: &[u8]) -> (Option<Self>, Vec<Problem>) {
        match yaml::utf8(bytes, Subject::RECIPE) {
            Ok(text) => Self::examine(text),
            Err(problem) => (None, vec![*problem]),
        }
    }

    /// Two packages of one name would overwrite each other's file.
    fn check_packages(&self, problems: &mut Problems) {
        let mut seen = HashMap::new();
        for (index, recipe) in self.variants.iter().enumerate() {
            for (name, path) in recipe.package_places() {
                let Some(first) = seen.insert(name.clone(), index) else { continue };
                let message = format!("the package `{name}` would be built twice");
                let mut problem = Problem::error(recipe.place(&path), message);
                problem = if first == index {
                    problem.with_hint("give the parts of a recipe different names")
                } else {
                    let variant = recipe.variant.as_deref().unwrap_or(DEFAULT);
                    problem.with_hint(format!(
                        "give the variant `{}` a `name_suffix` of its own",
                        values::shown(variant)
                    ))
                };
                problems.push(problem);
            }
        }
    }
}

/// The recipes of a file, with the variants' names: `default` first, then the file's order.
fn split(root: &Node, entries: &[Entry], problems: &mut Problems) -> Vec<(Option<String>, Node)> {
    let Some(default) = entries.iter().find(|entry| entry.key == DEFAULT) else {
        return vec![(None, root.clone())];
    };
    if default.value.entries().is_none() {
        let message = format!("`default` must be a map, not {}", default.value.kind());
        let hint = "it holds the recipe that all variants share";
        problems.push(Problem::error(default.key_place, message).with_hint(hint));
        return Vec::new();
    }
    if default.value.size().saturating_mul(entries.len()) > MOST_MERGED {
        let message = format!("{} variants of a recipe of this size are too many", entries.len());
        problems.push(Problem::error(default.key_place, message).with_hint("split the file"));
        return Vec::new();
    }
    let mut recipes = vec![(Some(DEFAULT.to_owned()), default.value.clone())];
    for entry in entries.iter().filter(|entry| entry.key != DEFAULT) {
        // `live:` with nothing behind it changes nothing; its place is its key's.
        let over = match &entry.value.content {
            Content::Null => Node { place: entry.key_place, content: Content::Map(Vec::new()) },
            Content::Map(_) => entry.value.clone(),
            _ => {
                let name = values::shown(&entry.key);
                let message = format!("the variant `{name}` must be a map, not {}", entry.value.kind());
                let hint = "with a `default` key, every other top-level key is a variant; \
                            move settings into `default`";
                problems.push(Problem::error(entry.key_place, message).with_hint(hint));
                continue;
            }
        };
        recipes.push((Some(entry.key.clone()), merge(&default.value, &over)));
    }
    recipes
}

fn not_a_recipe(root: &Node) -> Problem {
    let message = match root.content {
        Content::Null => "the recipe is empty".to_owned(),
        _ => format!("a recipe must be a map, not {}", root.kind()),
    };
    let place = if root.place.is_known() { root.place } else { Place::start() };
    Problem::error(place, message).with_hint("begin with `name: …` and `type: application`")
}

#[cfg(test)]
mod tests;
