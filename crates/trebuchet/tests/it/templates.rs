//! Templates as Jinja2 renders them, and what strictness and borders promise.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use trebuchet::templates::{TemplateErrorKind, TemplateLookupError, Templates};

fn context() -> Value {
    json!({
        "name": "sauce", "debug": true, "nothing": null, "port": 8080, "ratio": 1.5, "big": 1e16, "empty": "",
        "hosts": ["a", "b's", "c"], "db": {"host": "h1", "user": "u", "nested": {"deep": [1, 2.0, false, null]}},
        "quoted": "it's $HOME \"x\" `id`\nline", "html": "<a href='x'>&</a>", "words": "the quick brown fox jumps",
        "people": [{"n": "x", "a": 3}, {"n": "y", "a": 1}, {"n": "x", "a": 2}],
    })
}

/// Templates with what Jinja2 3.1 makes of them.
const RENDERED: &[(&str, &str)] = &[
    ("{{ name }}\n", "sauce\n"),
    ("{{ name }}", "sauce"),
    ("a\n\n{{ name }}\n\n", "a\n\nsauce\n\n"),
    (
        "{{ debug }} {{ nothing }} {{ port }} {{ ratio }} {{ big }} [{{ empty }}]",
        "True None 8080 1.5 1e+16 []",
    ),
    (
        "{{ hosts }} {{ db }}",
        "['a', \"b's\", 'c'] {'host': 'h1', 'user': 'u', 'nested': {'deep': [1, 2.0, False, None]}}",
    ),
    (
        "{{ db.host }} {{ db['user'] }} {{ db.nested.deep[1] }} {{ hosts[-1] }} {{ hosts[1:] }}",
        "h1 u 2.0 c [\"b's\", 'c']",
    ),
    (
        "{% for k, v in db.items() %}{{ k }}={{ v }};{% endfor %}",
        "host=h1;user=u;nested={'deep': [1, 2.0, False, None]};",
    ),
    (
        "{% for k, v in db|dictsort %}{{ loop.index }}/{{ loop.length }}{{ k }} {% endfor %}",
        "1/3host 2/3nested 3/3user ",
    ),
    (
        "{% for h in hosts if h != 'a' %}{{ h }}{% if not loop.last %},{% endif %}{% else %}none{% endfor %}",
        "b's,c",
    ),
    ("{% if debug and port == 8080 and 'a' in hosts and db is mapping %}yes{% else %}no{% endif %}", "yes"),
    ("{{ missing|default('d') }} {{ missing is defined }} {{ empty|default('e', true) }}", "d False e"),
    ("{{ hosts|join(', ') }} {{ hosts|length }} {{ hosts|first }} {{ hosts|last }}", "a, b's, c 3 a c"),
    (
        "{{ name|upper }} {{ 'A B'|lower }} {{ 'the end'|title }} {{ name|capitalize }}",
        "SAUCE a b The End Sauce",
    ),
    (
        "{{ name.upper() }} {{ 'a,b'.split(',') }} {{ '-'.join(hosts) }} {{ name.startswith('s') }}",
        "SAUCE ['a', 'b'] a-b's-c True",
    ),
    (
        "{{ ' x '.strip() }}|{{ 'a-b'.replace('-', '_') }}|{{ db.get('no', 'z') }}|{{ db.keys()|list }}",
        "x|a_b|z|['host', 'user', 'nested']",
    ),
    ("{{ '%s:%d'|format(name, port) }}", "sauce:8080"),
    ("{{ 'a' ~ port ~ 'b' }} {{ 7 // 2 }} {{ 7 / 2 }} {{ 7 % 2 }} {{ 2 ** 3 }}", "a8080b 3 3.5 1 8"),
    (
        "{% set x = [] %}{% set ns = namespace(n=0) %}{% for i in range(3) %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}",
        "3",
    ),
    ("{% macro m(a, b='z') %}<{{ a }}{{ b }}>{% endmacro %}{{ m('x') }}{{ m('x', b=1) }}", "<xz><x1>"),
    ("{# gone #}a{%- if true -%} b {%- endif %} c", "ab c"),
    ("{% raw %}{{ kept }}{% endraw %}", "{{ kept }}"),
    ("{{ html }} {{ html|e }}", "<a href='x'>&</a> &lt;a href=&#39;x&#39;&gt;&amp;&lt;/a&gt;"),
    ("{{ people|map(attribute='a')|sum }} {{ people|sort(attribute='a')|map(attribute='a')|join }}", "6 123"),
    ("{{ people|selectattr('n', 'equalto', 'x')|map(attribute='a')|list }}", "[3, 2]"),
    ("{{ people|rejectattr('n', 'equalto', 'x')|list|length }}", "1"),
    ("{% for n, group in people|groupby('n') %}{{ n }}{{ group|length }}{% endfor %}", "x2y1"),
    (
        "{{ [3, 1, 2]|sort }} {{ [3, 1]|max }} {{ ['a', 'a']|unique|list }} {{ 'abc'|reverse }}",
        "[1, 2, 3] 3 ['a'] cba",
    ),
    ("{{ 'a\nb'|indent(2) }} {{ 1.2345|round(2) }} {{ '42'|int + 1 }} {{ -3|abs }}", "a\n  b 1.23 43 3"),
    ("[{{ 'ab'|center(5) }}] [{{ 'a'|center(4) }}]", "[  ab ] [ a  ]"),
    ("{{ words|wordcount }} {{ words|truncate(12) }} {{ '<b>x</b>'|striptags }}", "5 the... x"),
    ("{{ words|wordwrap(10) }}", "the quick\nbrown fox\njumps"),
    (
        "{{ [1, 2, 3]|batch(2)|list }} {{ true|string }} {{ [true]|string }} {{ 'x'|list }}",
        "[[1, 2], [3]] True [True] ['x']",
    ),
    (
        "{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{% set j = joiner(',') %}{{ j() }}1{{ j() }}2",
        "aba1,2",
    ),
    ("{{ 'x' if debug else 'y' }}{{ 'é'|upper }}{{ \"tab\\t\" }}|", "xÉtab\t|"),
    ("{{ 'a b&c'|urlencode }} {{ 1536|filesizeformat }}", "a%20b%26c 1.5 kB"),
    ("{% with a = 1 %}{{ a }}{% endwith %}{% filter upper %}x{% endfilter %}", "1X"),
    ("{% for k, v in {'b': 1, 'a': 'x'}.items()|sort %}{{ k|upper }}='{{ v }}' {% endfor %}", "A='x' B='1' "),
    (
        "{% for k in db %}{{ k }} {% endfor %}{{ 'host' in db }} {{ db.keys()|sort|first }}",
        "host user nested True host",
    ),
    ("{{ hosts|tojson }}", "[\"a\", \"b\\u0027s\", \"c\"]"),
];

fn project() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn write(project: &Path, name: &str, text: &str) {
    let path = project.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[test]
fn templates_render_as_jinja2_renders_them() {
    let project = project();
    let mut wrong = Vec::new();
    for (template, expected) in RENDERED {
        write(project.path(), "t", template);
        let found = Templates::new(project.path()).render("t", &context());
        if found.as_deref() != Ok(*expected) {
            wrong.push(format!("{template:?}\n  expected {expected:?}\n  found    {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The expectations above are Jinja2's own: where it is installed, it is asked.
#[test]
fn the_expected_texts_are_what_jinja2_makes() {
    const ASK: &str = "import json, sys\n\
        try:\n    import jinja2\nexcept ImportError:\n    sys.exit(3)\n\
        e = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True)\n\
        cases, context = json.load(open(sys.argv[1]))\n\
        wrong = [(t, x, r) for t, x in cases for r in [e.from_string(t).render(context)] if r != x]\n\
        print(wrong)\nsys.exit(1 if wrong else 0)\n";
    let folder = project();
    let cases = folder.path().join("cases.json");
    fs::write(&cases, serde_json::to_vec(&json!([RENDERED, context()])).unwrap()).unwrap();
    let asked = Command::new("python3").args(["-c", ASK]).arg(&cases).output().unwrap();
    let says = String::from_utf8_lossy(&asked.stdout).into_owned() + &String::from_utf8_lossy(&asked.stderr);
    assert!(matches!(asked.status.code(), Some(0 | 3)), "{says}");
}

#[test]
fn shquote_gives_the_shell_the_very_value() {
    let project = project();
    write(project.path(), "t", "printf %s {{ value|shquote }}");
    let templates = Templates::new(project.path());
    for value in [
        "",
        "plain",
        "it's",
        "a b",
        "$(touch x)",
        "`id`",
        "a\nb\n",
        "\\",
        "\"",
        "*",
        "~",
        "é; rm -rf /",
        "-n",
    ] {
        let script = templates.render("t", &json!({"value": value})).unwrap();
        let printed = Command::new("sh").arg("-c").arg(&script).current_dir(project.path()).output().unwrap();
        assert_eq!(String::from_utf8(printed.stdout).unwrap(), value, "{script}");
    }
    assert!(!project.path().join("x").exists());
}

#[test]
fn the_whole_context_can_be_walked() {
    let project = project();
    let text = "{% for k, v in context().items() if not callable(v) %}{{ k }}={{ v }};{% endfor %}{{ callable(range) }}";
    write(project.path(), "t", text);
    let rendered = Templates::new(project.path()).render("t", &json!({"b": 1, "a": "x"})).unwrap();
    assert_eq!(rendered, "b=1;a=x;True");
}

#[test]
fn methods_of_python_2_that_the_oldest_recipes_use_still_work() {
    let project = project();
    let text = "{% for k, v in m.iteritems() %}{{ k }}={{ v }} {% endfor %}{{ m.has_key('a') }} {{ m.has_key('z') }} \
                {{ m.iterkeys()|list }} {{ m.itervalues()|list }}";
    write(project.path(), "t", text);
    let rendered = Templates::new(project.path()).render("t", &json!({"m": {"b": 1, "a": 2}})).unwrap();
    assert_eq!(rendered, "b=1 a=2 True False ['b', 'a'] [1, 2]");
}

#[test]
fn an_undefined_name_is_named_with_its_file_and_line() {
    let project = project();
    write(project.path(), "deploy/web.sh", "#!/bin/sh\n{% include 'deploy/part' %}\n");
    write(project.path(), "deploy/part", "ok\n\nport={{ db.prot }} {{ name }}\n");
    let error = Templates::new(project.path()).render("deploy/web.sh", &context()).unwrap_err();
    assert_eq!((error.template.as_str(), error.line), ("deploy/part", Some(3)));
    assert_eq!(error.kind, TemplateErrorKind::Undefined { name: Some("db.prot".to_owned()) });
    assert_eq!(error.to_string(), "deploy/part:3: `db.prot` is undefined");
    for (text, name) in [
        ("{{ nope }}", "nope"),
        ("{{ nope|upper }}", "nope"),
        ("{{ nope.x.y }}", "nope.x"),
        ("{% if nope %}{% endif %}", "nope"),
        ("{% for x in nope %}{% endfor %}", "nope"),
        ("{{ nope|shquote }}", "nope"),
        ("{{ 'a' ~ nope }}", "nope"),
        ("{{ nope == 1 }}", "nope"),
    ] {
        write(project.path(), "t", text);
        let error = Templates::new(project.path()).render("t", &context()).unwrap_err();
        assert_eq!(error.line, Some(1), "{text}: {error:?}");
        assert!(matches!(error.kind, TemplateErrorKind::Undefined { .. }), "{text}: {error:?}");
        assert!(error.to_string().contains(name), "{text}: {error}");
    }
}

#[test]
fn templates_never_leave_the_project() {
    let (project, outside) = (project(), project());
    write(outside.path(), "secret", "secret");
    write(project.path(), "a/inside", "inside");
    std::os::unix::fs::symlink(outside.path(), project.path().join("out")).unwrap();
    std::os::unix::fs::symlink("a/inside", project.path().join("in")).unwrap();
    let absolute = outside.path().join("secret").display().to_string();
    assert_eq!(Templates::new(project.path()).render("in", &json!({})).unwrap(), "inside");
    for name in ["out/secret", &absolute, "../secret", "a/../../secret", "/etc/hostname", "", "a/../a/inside"]
    {
        write(project.path(), "t", &format!("{{% include {} %}}", json!(name)));
        for asked in [name, "t"] {
            let error = Templates::new(project.path()).render(asked, &json!({})).unwrap_err();
            let outside = TemplateErrorKind::Lookup(TemplateLookupError::Outside { name: name.to_owned() });
            assert_eq!(error.kind, outside, "{asked} {name}");
        }
    }
}

#[test]
fn a_missing_template_is_reported_where_it_is_named() {
    let project = project();
    write(project.path(), "deploy/web.sh", "x\n{% extends 'base_shel.sh' %}\n");
    let error = Templates::new(project.path()).render("deploy/web.sh", &json!({})).unwrap_err();
    assert_eq!((error.template.as_str(), error.line), ("deploy/web.sh", Some(2)));
    assert_eq!(error.hint().as_deref(), Some("did you mean `base_shell.sh`?"));
    let error = Templates::new(project.path()).render("deploy/wep.sh", &json!({})).unwrap_err();
    assert_eq!(error.hint().as_deref(), Some("did you mean `deploy/web.sh`?"));
}

#[test]
fn a_hostile_template_ends_with_an_error() {
    let project = project();
    for text in [
        "{% for a in range(10000) %}{% for b in range(10000) %}{% endfor %}{% endfor %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% include 't' %}",
        "{% extends 't' %}",
        "{% import 't' as t %}",
        "{% for i in range(100000) %}{{ 'x' * 1000 }}{% endfor %}",
        "{{ range(1000000000) }}",
        "{{ 'x' * 1000000000000 }}",
        "{{ 10 ** 100000000 }}",
        "{{ 'x'|center(10000000000) }}x{{ nope }}",
        "{{ 1 % 0 }}",
        "{% for x in range(10) recursive %}{{ loop([1]) }}{% endfor %}",
        "{{ '%s' % name }}",
        "{{ [1, 2]|random }}",
        "{% bogus %}",
        "{{ ",
        "{% if %}",
        "{% import 't' as -t %}",
        "{{ x.__class__.__mro__ }}",
    ] {
        write(project.path(), "t", text);
        let error =
            Templates::new(project.path()).render("t", &json!({"name": "n", "x": 1})).expect_err(text);
        assert!(!error.to_string().is_empty());
    }
}

#[test]
fn what_old_templates_may_use_and_this_engine_lacks_is_said_with_a_way_out() {
    let project = project();
    for (text, hint) in [("{{ '%s' % name }}", "|format("), ("{{ [1, 2]|random }}", "random")] {
        write(project.path(), "t", text);
        let error = Templates::new(project.path()).render("t", &context()).unwrap_err();
        assert!(error.hint().is_some_and(|found| found.contains(hint)), "{error:?}");
    }
}

#[test]
fn a_service_is_rendered_as_a_job_around_its_binary() {
    let project = project();
    write(
        project.path(),
        "web.sh",
        "{% extends base_template %}{% block command_body %}exec {{ name }}{% endblock %}",
    );
    write(project.path(), "plain.sh", "#!/bin/sh\nexec {{ name }}\n");
    let text = "name: sauce\ntype: application\nenvironment: {name: sauce_env}\nextra_files:\n\
                - {name: web, type: binary, template: web.sh}\n- {name: plain, type: binary, template: plain.sh}\n\
                services:\n- {name: up, type: upstart, binary_name: web, env_var: {A: 'x \"$y\\'}}\n\
                - {name: sys, type: systemd, binary_name: plain, env_var: {A: '100% \"'}}\n";
    let (missile, _) = gachette_core::missile::Missile::parse(text).unwrap();
    let recipe = &missile.variants[0];
    let templates = Templates::new(project.path());
    let script = templates.render("web.sh", &recipe.template_context(&recipe.extra_files[0])).unwrap();
    assert!(script.starts_with("#!/bin/bash\n") && script.ends_with("\nexec sauce\n"), "{script}");
    assert!(script.contains("\ncd /opt/trebuchet/sauce/code || exit 1\n"), "{script}");

    let upstart = templates.render_service(recipe, &recipe.services[0]).unwrap();
    assert!(upstart.worker.contains("\nexec /opt/trebuchet/bin/web\n"), "{}", upstart.worker);
    assert!(upstart.worker.contains("\nenv A=\"x \\\"$y\\\\\"\n"), "{}", upstart.worker);
    assert!(!upstart.worker.contains("exec sauce"));
    for event in ["TREBUCHET_START_ALL", "up_START_ALL", "sauce_START_ALL", "sauce_env_STOP_ALL"] {
        assert!(upstart.controller.contains(event), "{}", upstart.controller);
    }
    let systemd = templates.render_service(recipe, &recipe.services[1]).unwrap();
    assert!(systemd.worker.contains("\nExecStart=/opt/trebuchet/bin/plain\n"), "{}", systemd.worker);
    assert!(systemd.worker.contains("\nEnvironment=\"A=100%% \\\"\"\n"), "{}", systemd.worker);
    assert!(systemd.worker.contains("\nPartOf=dh_sys.target\n"), "{}", systemd.worker);
}

#[test]
fn programs_run_with_the_settings_of_the_configuration_they_are_given() {
    let project = project();
    let code = project.path().join("code folder");
    fs::create_dir(&code).unwrap();
    write(project.path(), "x.conf", "export GREETING='hello'\nexport LOCALE='C.UTF-8'\n");
    write(
        project.path(),
        "t",
        "{% extends base_template %}{% block command_body %}echo \"$GREETING $LC_ALL $PWD\"{% endblock %}",
    );
    let context = json!({"base_template": "base_shell.sh", "app_code": code, "full_name": "t"});
    let script = Templates::new(project.path()).render("t", &context).unwrap();
    let run = |configuration: Option<&str>| {
        let mut bash = Command::new("bash");
        bash.args(["-c", &script]).current_dir(project.path()).env_remove("CONFIG");
        bash.envs(configuration.map(|value| ("CONFIG", value))).output().unwrap()
    };
    for configuration in ["x.conf", "./x.conf"] {
        let printed = String::from_utf8(run(Some(configuration)).stdout).unwrap();
        assert_eq!(printed, format!("hello C.UTF-8 {}\n", code.display()));
    }
    for wrong in [None, Some(""), Some("missing.conf")] {
        let finished = run(wrong);
        assert_eq!((finished.status.code(), finished.stdout.as_slice()), (Some(1), b"".as_slice()));
    }
}

/// Templates that nest so many tokens, each in a way that the engine reads, runs or drops by recursion.
fn deep(tokens: usize) -> Vec<String> {
    let chain = |part: &str, parts: usize| format!("{{{{ 1{} }}}}", part.repeat(tokens / parts - 1));
    let before = |part: &str| format!("{{{{ {}1 }}}}", part.repeat(tokens - 2));
    let mut texts = vec![
        format!("{{{{ + {}1 }}}}", "-".repeat(tokens - 2)),
        before("-"),
        before("not "),
        format!("{{% if 1 %}}{}{{% endif %}}", "{% elif 1 %}".repeat(tokens / 8)),
        format!("{{% set x = 1{} %}}", "~1".repeat(tokens / 2 - 3)),
    ];
    texts.extend(["+1", ".b", "|upper", " and 1", "()", " < 2"].map(|part| chain(part, 2)));
    texts.extend(["**1", " is defined", "[0]", " if 1 else 1", " not in [1]"].map(|part| chain(part, 5)));
    texts
}

#[test]
fn a_template_that_nests_too_deep_is_refused_at_its_line() {
    let project = project();
    for text in deep(24_000) {
        write(project.path(), "t", &format!("a\n{text}\n"));
        write(project.path(), "outer", "{% include 't' %}");
        for asked in ["t", "outer"] {
            let error = Templates::new(project.path()).render(asked, &json!({"x": 1})).unwrap_err();
            assert_eq!((error.template.as_str(), error.line), ("t", Some(2)), "{error}");
        }
    }
}

#[test]
fn what_nests_as_deep_as_is_allowed_never_breaks_the_stack() {
    let project = project();
    let mut texts = deep(4_000);
    let nested = "{% set n = namespace(x=[]) %}{% for a in range(9000) %}{% for b in range(6) %}\
                  {% set n.x = [n.x] %}{% endfor %}{% endfor %}";
    texts.extend([
        format!("{nested}{{{{ n.x }}}}"),
        format!("{nested}{{{{ n.x|tojson }}}}"),
        format!("{nested}{{{{ n.x ~ n.x == n.x }}}}"),
        format!("{}{{{{ x|string }}}}", "{% set x = {1: x} %}".repeat(50_000)),
    ]);
    for text in texts {
        write(project.path(), "t", &text);
        // A text is as good as an error, but none may be for what the engine is not shown.
        if let Err(error) = Templates::new(project.path()).render("t", &json!({"x": 1})) {
            assert!(!error.message.contains("nothing that deep"), "{error}");
        }
    }
}
