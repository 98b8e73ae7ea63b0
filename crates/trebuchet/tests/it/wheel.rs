//! Wheels that are made on the spot, as the Python packaging specification "Binary distribution format" has them.

use std::path::{Path, PathBuf};

use crate::project::run;

const SCRIPT: &str = r#"
import base64, hashlib, sys, zipfile
path, name, version, *files = sys.argv[1:]
info = f'{name}-{version}.dist-info'
contents = {target: open(source, 'rb').read() for target, source in zip(files[::2], files[1::2])}
contents[f'{info}/METADATA'] = f'Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n'.encode()
contents[f'{info}/WHEEL'] = b'Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n'
contents[f'{info}/entry_points.txt'] = f'[console_scripts]\n{name}-say = {name}:main\n'.encode()
def row(target, content):
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b'=').decode()
    return f'{target},sha256={digest},{len(content)}\n'
rows = ''.join(row(*item) for item in contents.items())
contents[f'{info}/RECORD'] = f'{rows}{info}/RECORD,,\n'.encode()
with zipfile.ZipFile(path, 'w') as wheel:
    for target, content in contents.items():
        wheel.writestr(zipfile.ZipInfo(target), content)
"#;

/// Makes a wheel in `folder` with a module of its name, whose `main` says its version, and these further files.
pub(crate) fn wheel(folder: &Path, name: &str, version: &str, files: &[(&str, &Path)]) -> PathBuf {
    std::fs::create_dir_all(folder).unwrap();
    let module = folder.join(format!(".{name}.py"));
    std::fs::write(&module, format!("def main():\n    print('{name} {version}')\n")).unwrap();
    let path = folder.join(format!("{name}-{version}-py3-none-any.whl"));
    let mut arguments = vec!["-c".to_owned(), SCRIPT.to_owned(), path.display().to_string()];
    arguments.extend([name, version].map(str::to_owned));
    let module_name = format!("{name}.py");
    for (target, source) in [(module_name.as_str(), module.as_path())].iter().chain(files) {
        arguments.extend([(*target).to_owned(), source.display().to_string()]);
    }
    run("/usr/bin/python3", &arguments.iter().map(String::as_str).collect::<Vec<_>>());
    std::fs::remove_file(module).unwrap();
    path
}
