//! Renders Jinja2 templates, strictly: an undefined name is an error that says where.
//!
//! Templates come from trebuchet itself (`templates/own/`) or from the project, and never from outside of it. What a template
//! sees is decided by the recipe (`gachette_core::missile`).

mod confined;
mod depth;
mod error;
mod lookup;
mod own;
mod python;
mod service;
mod text_filters;

use std::any::Any;
use std::path::{Path, PathBuf};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;

pub use confined::confine;
pub use error::{TemplateError, TemplateErrorKind, TemplateExcerpt};
pub use lookup::TemplateLookupError;
pub use service::ServiceFiles;

/// Instructions one rendering may take; the largest templates in use take some ten thousand.
const FUEL: u64 = 500_000;

/// The stack that templates are read and filled in on, of which only what they use is ever taken. It holds the deepest that
/// [`depth`] lets through, and values nested as deep as [`FUEL`] lets a template nest them.
const STACK: usize = 512 * 1024 * 1024;

/// The largest rendered file, in bytes.
const LARGEST_OUTPUT: usize = 16 * 1024 * 1024;

/// The templates a recipe can name: trebuchet's own, then those of a project.
pub struct Templates {
    environment: Environment<'static>,
    project: PathBuf,
}

impl Templates {
    /// The templates of the project in this folder.
    pub fn new(project: &Path) -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        if let Ok(syntax) = SyntaxConfig::builder().keep_trailing_newline(true).build() {
            environment.set_syntax(syntax);
        }
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        // Without it an error does not say which name is undefined.
        environment.set_debug(true);
        environment.set_fuel(Some(FUEL));
        environment.set_recursion_limit(100);
        let folder = project.to_owned();
        environment.set_loader(move |name| lookup::load(&folder, name));
        python::add_to(&mut environment);
        Self { environment, project: project.to_owned() }
    }

    /// The template's text.
    ///
    /// # Errors
    /// When there is none, it lies outside the project, or cannot be read.
    pub fn source(&self, template: &str) -> Result<String, TemplateLookupError> {
        lookup::source(&self.project, template)
    }

    /// The template filled in.
    ///
    /// # Errors
    /// When it cannot be found, read or understood, when it names something undefined, or when it never ends or takes more
    /// memory than [`confine`] allows.
    pub fn render(&self, template: &str, context: &impl Serialize) -> Result<String, TemplateError> {
        match confined::is_wanted() {
            true => confined::render(&self.project, template, context),
            false => self.render_here(template, context),
        }
    }

    fn render_here(&self, template: &str, context: &impl Serialize) -> Result<String, TemplateError> {
        let root = root(context);
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().name("template".to_owned()).stack_size(STACK);
            let rendering = thread.spawn_scoped(scope, || self.rendered(template, root));
            let rendering = rendering.map_err(|error| {
                TemplateError::of_whole(template, format!("no thread can be had for it: {error}"))
            })?;
            rendering.join().unwrap_or_else(|panic| Err(failure_of_engine(template, panic.as_ref())))
        })
    }

    fn rendered(&self, template: &str, root: Value) -> Result<String, TemplateError> {
        let translate = |error: minijinja::Error| TemplateError::new(&self.project, template, &error);
        let loaded = self.environment.get_template(template).map_err(translate)?;
        let mut output = Limited::default();
        loaded.render_captured_to(root, &mut output).map_err(translate)?;
        String::from_utf8(output.written)
            .map_err(|_| TemplateError::of_whole(template, "it does not render to UTF-8 text"))
    }
}

/// The engine holds some sources for impossible, such as `{% import 't' as -t %}`.
fn failure_of_engine(template: &str, panic: &(dyn Any + Send)) -> TemplateError {
    let words = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref().copied());
    let reason = words.unwrap_or("it does not say why");
    TemplateError::of_whole(template, format!("the template engine fails on it: {reason}"))
}

/// The context with `context()` in it, which gives templates the whole.
fn root(context: &impl Serialize) -> Value {
    let whole = Value::from(Serde(context));
    let known = whole.clone();
    let function = Value::from_function(move || known.clone());
    minijinja::context! { context => function, ..whole }
}

/// Memory that takes no more than [`LARGEST_OUTPUT`].
#[derive(Default)]
struct Limited {
    written: Vec<u8>,
}

impl std::io::Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.written.len() + bytes.len() > LARGEST_OUTPUT {
            return Err(std::io::Error::other("the rendered file grows beyond 16 MiB"));
        }
        self.written.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
