//! One typo in each kind of file that people write has one kind of answer.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::process::Command;

/// A file of each kind without mistakes, and the arguments that read it.
const ADAPTER: (&str, &str) = ("check --rp http://localhost:1 --adapter file.toml", "");
const CONFIG: (&str, &str) = ("check --config file.toml", "");
const CATALOGUE: (&str, &str) = ("list --catalogue file.toml", FAMILY);
const SCRIPT: (&str, &str) = ("page http://localhost:1 --script file.toml", "");

const FAMILY: &str = r#"[[family]]
id = "mine"
ceremony = ["registration"]
violates = { registration = ["7.1/9"] }
level = "must"
importance = "high"
expects = "refused"
why = ""
fix = ""
"#;

/// The sentence, the place and the help of the answer to this text.
fn answer((arguments, before): (&str, &str), text: &str) -> (String, String, String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file.toml"), format!("{text}{before}")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_passrig"));
    command.args(arguments.split_whitespace()).current_dir(folder.path()).env("NO_COLOR", "1");
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments}: {said}");
    let (_, said) = said.split_once("× ").unwrap();
    let (sentence, said) = said.split_once("╭─[file.toml:").unwrap();
    let (place, said) = said.split_once(']').unwrap();
    assert!(said.contains("╰── here"), "{said}");
    let help = said.split_once("help: ").map(|(_, help)| help).unwrap_or_default();
    let plain = |text: &str| text.replace('│', "").split_whitespace().collect::<Vec<_>>().join(" ");
    (plain(sentence), place.to_owned(), plain(help))
}

/// The texts have the same answer, but for the file and the key.
fn alike(sentence: &str, help: &str, cases: [((&str, &str), &str, &str, &str); 4]) {
    for (file, text, place, key) in cases {
        let fit = |text: &str| text.replace("KEY", key);
        let expected = (fit(sentence), place.to_owned(), fit(help));
        assert_eq!(answer(file, text), expected, "{}", file.0);
    }
}

#[test]
fn an_unknown_key() {
    alike(
        "unknown key `xKEY`",
        "did you mean KEY?",
        [
            (ADAPTER, "id = 'a'\nxstatus = 'tested'\n", "2:1", "status"),
            (CONFIG, "[target]\nxadapter = 'a'\n", "2:1", "adapter"),
            (CATALOGUE, "[[family]]\nxceremony = []\n", "2:1", "ceremony"),
            (SCRIPT, "[[step]]\nxautofill = true\n", "2:1", "autofill"),
        ],
    );
}

#[test]
fn a_value_of_another_type() {
    alike(
        "expected a string, found integer `7`",
        "write the value in quotes",
        [
            (ADAPTER, "id = 'a'\nname = 7\n", "2:8", ""),
            (CONFIG, "[target]\nrp = 7\n", "2:6", ""),
            (CATALOGUE, "[[family]]\nid = 7\n", "2:6", ""),
            (SCRIPT, "[[step]]\ngoto = 7\n", "2:8", ""),
        ],
    );
}

#[test]
fn a_missing_key() {
    alike(
        "missing key `KEY`",
        "add `KEY = …` to this table",
        [
            (ADAPTER, "id = 'a'\nname = 'A'\nstatus = 'tested'\n[csrf]\n", "4:1", "header"),
            (CONFIG, "[[expect]]\ncheck = '*'\n", "1:1", "reason"),
            (CATALOGUE, "", "1:1", "case"),
            (SCRIPT, "[[step]]\nfill = '#name'\n", "1:1", "with"),
        ],
    );
}

#[test]
fn text_that_is_not_toml() {
    alike(
        "invalid TOML: string values must be quoted, expected literal string",
        "write `key = value`, texts in quotes, and each key once in its table",
        [
            (ADAPTER, "id = a\n", "1:6", ""),
            (CONFIG, "[target]\nrp = a\n", "2:6", ""),
            (CATALOGUE, "[[family]]\nid = a\n", "2:6", ""),
            (SCRIPT, "[[step]]\ngoto = a\n", "2:8", ""),
        ],
    );
}

#[test]
fn a_plainer_check_that_does_not_exist() {
    let case = "implied_by = { registration = \"registration.origin.foreing\" }\n[[family.case]]\n\
                id = \"x\"\nsends = \"x\"\ndeviation = [{ at = \"client_data.origin\", set = \"x\" }]\n";
    let file = ("list --catalogue file.toml", case);
    let (sentence, place, help) = answer(file, FAMILY);
    assert_eq!(sentence, "expected the ID of a check, found `registration.origin.foreing`");
    assert_eq!(
        (place.as_str(), help.as_str()),
        ("10:31", "did you mean registration.origin.foreign?")
    );
}

/// The excerpt of each file is without its secrets.
#[test]
fn secrets_are_masked() {
    for file in [ADAPTER, CONFIG, CATALOGUE, SCRIPT] {
        let folder = tempfile::tempdir().unwrap();
        let text = "password = 's3cret-value'\nx = [1";
        std::fs::write(folder.path().join("file.toml"), text).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_passrig"));
        command.args(file.0.split_whitespace()).current_dir(folder.path());
        let said = String::from_utf8(command.output().unwrap().stderr).unwrap();
        assert!(said.contains("file.toml:") && !said.contains("s3cret"), "{said}");
    }
}
