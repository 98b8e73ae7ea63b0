//! The parts of maintainer scripts that are about files: the user's folders, nginx, compiled python.

use super::{PythonFolder, quoted};

/// Makes the user that services run as, and its folders.
pub(super) fn prepare_host(user: &str) -> String {
    format!(
        r#"
# The user that services run as, and its folders.
user={}
if ! getent passwd "$user" >/dev/null; then
    if getent group "$user" >/dev/null; then
        useradd --create-home --gid "$user" "$user"
    else
        useradd --create-home --user-group "$user"
    fi
fi
for folder in /opt/trebuchet /etc/trebuchet /var/log/trebuchet; do
    mkdir -p "$folder"
    chown "$user": "$folder"
done
"#,
        quoted(user)
    )
}

/// Lets a running nginx read its files again, unless it would refuse them.
pub(super) const RELOAD_NGINX: &str = r#"
# A running nginx reads its files again.
if command -v nginx >/dev/null 2>&1 && pidof nginx >/dev/null 2>&1; then
    if nginx -t -q; then
        if [ -d /run/systemd/system ]; then
            systemctl reload nginx.service || true
        else
            nginx -s reload || true
        fi
    else
        echo "nginx would refuse its configuration; it keeps running with the one it has" >&2
    fi
fi
"#;

/// Compiles python code where it is installed, so that the compiled files name the installed paths. A file that this
/// interpreter cannot compile is none that it will run.
pub(super) fn compile(folders: &[PythonFolder]) -> String {
    let mut text = String::new();
    for folder in folders {
        let (path, interpreter) = (quoted(&folder.path), quoted(&folder.interpreter));
        text.push_str(&format!(
            r#"
# Compiled python starts faster.
if command -v {interpreter} >/dev/null 2>&1; then
    {interpreter} -m compileall -q {path} >/dev/null 2>&1 || true
fi
"#
        ));
    }
    text
}

/// Removes what was compiled, which dpkg knows nothing of.
pub(super) fn remove_compiled(folders: &[PythonFolder]) -> String {
    let mut text = String::new();
    for folder in folders {
        let path = quoted(&folder.path);
        text.push_str(&format!(
            r#"
# dpkg knows nothing of what was compiled.
if [ -d {path} ]; then
    find {path} -type d -name __pycache__ -prune -exec rm -rf {{}} +
fi
"#
        ));
    }
    text
}
