//! The files of the table.

use std::path::PathBuf;
use std::{env, fs};

use serde_json::{Map, Value};

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../authenticator/tests/webidl").join(name)
}

fn read(name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(file(name)).unwrap()).unwrap()
}

/// Members and kinds of values.
pub(super) struct Inputs {
    pub(super) json: Value,
}

/// A member of the options of a ceremony.
pub(super) struct Member {
    /// `create` or `get`.
    pub(super) ceremony: &'static str,
    /// A JSON pointer.
    pub(super) at: String,
}

impl Inputs {
    pub(super) fn read() -> Self {
        Self { json: read("members.json") }
    }

    pub(super) fn members(&self) -> Vec<Member> {
        let mut members = Vec::new();
        for ceremony in ["create", "get"] {
            let inputs = &self.json[ceremony];
            let plain = inputs["members"].as_array().unwrap().iter();
            let plain = plain.map(|at| at.as_str().unwrap().to_owned());
            let extensions = inputs["extensions"].as_object().unwrap().keys();
            let extensions = extensions.map(|at| format!("/extensions{at}"));
            members.extend(plain.chain(extensions).map(|at| Member { ceremony, at }));
        }
        members
    }
}

/// Compares all cells with the recorded ones, or records them.
pub(super) fn compare_or_write(found: &Map<String, Value>) {
    if env::var_os("PASSRIG_BLESS").is_some_and(|value| value == "1") {
        fs::write(file("chromium.json"), rendered(found)).unwrap();
        return;
    }
    let recorded = read("chromium.json");
    let mut differences = Vec::new();
    for ceremony in ["create", "get"] {
        let (found, recorded) = (&found[ceremony], &recorded[ceremony]);
        for (at, row) in found.as_object().unwrap() {
            for (kind, cell) in row.as_object().unwrap() {
                let expected = &recorded[at][kind];
                if cell != expected {
                    differences
                        .push(format!("{ceremony} {at} {kind}: expected {expected}, found {cell}"));
                }
            }
        }
    }
    assert!(
        differences.is_empty(),
        "recorded of {}, found in {}:\n{}\nPASSRIG_BLESS=1 records them",
        recorded["browser"],
        found["browser"],
        differences.join("\n")
    );
}

/// One line per cell.
fn rendered(found: &Map<String, Value>) -> String {
    let mut text = format!("{{\n  \"browser\": {}", found["browser"]);
    for ceremony in ["create", "get"] {
        text += &format!(",\n  \"{ceremony}\": {{");
        for (index, (at, row)) in found[ceremony].as_object().unwrap().iter().enumerate() {
            text += if index == 0 { "\n" } else { ",\n" };
            let cells = row.as_object().unwrap().iter();
            let cells =
                cells.map(|(kind, cell)| format!("      {}: {cell}", Value::from(kind.as_str())));
            let cells = cells.collect::<Vec<_>>().join(",\n");
            text += &format!("    {}: {{\n{cells}\n    }}", Value::from(at.as_str()));
        }
        text += "\n  }";
    }
    text + "\n}\n"
}

/// The cells of these members with another outcome than Chromium's or, where Chromium deviates, the specification's.
pub(super) fn differences(
    found: &Map<String, Value>,
    members: &[Member],
    form: &str,
) -> Vec<String> {
    let (recorded, deviations) = (read("chromium.json"), read("deviations.json"));
    let mut differences = Vec::new();
    for Member { ceremony, at } in members {
        for (kind, cell) in recorded[ceremony][at].as_object().unwrap() {
            let has =
                |list: &Value, item: &str| list.as_array().unwrap().iter().any(|one| one == item);
            let deviation = deviations.as_array().unwrap().iter().find(|deviation| {
                deviation["ceremony"] == **ceremony
                    && has(&deviation["forms"], form)
                    && has(&deviation["members"], at)
                    && has(&deviation["kinds"], kind)
            });
            let expected = deviation.map_or(&cell[form], |deviation| &deviation["specification"]);
            let found = &found[*ceremony][at][kind][form];
            if found != expected {
                differences
                    .push(format!("{ceremony} {at} {kind}: expected {expected}, found {found}"));
            }
        }
    }
    differences
}
