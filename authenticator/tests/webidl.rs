//! The client converts options as Chromium does, in every cell of the table of
//! `webidl/`. Where Chromium deviates from the specification, the client does not.
//!
//! `webidl/chromium.json` is recorded by the test `webidl` of the package
//! `passrig-tests`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use passrig_authenticator::Client;
use passrig_authenticator::wire::{CreationOptions, RequestOptions};
use serde_json::{Value, json};

const MEMBERS: &str = include_str!("webidl/members.json");
const CHROMIUM: &str = include_str!("webidl/chromium.json");
const DEVIATIONS: &str = include_str!("webidl/deviations.json");

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

struct Table {
    members: Value,
    chromium: Value,
    deviations: Vec<Value>,
}

/// A place in the table.
#[derive(Clone, Copy)]
struct Cell<'a> {
    ceremony: &'a str,
    at: &'a str,
    kind: &'a str,
}

impl Table {
    fn read() -> Self {
        let Value::Array(deviations) = parse(DEVIATIONS) else { unreachable!() };
        Self { members: parse(MEMBERS), chromium: parse(CHROMIUM), deviations }
    }

    /// The cells that JSON can express.
    fn cells(&self) -> Vec<Cell<'_>> {
        let mut cells = Vec::new();
        for ceremony in ["create", "get"] {
            for (at, row) in self.chromium[ceremony].as_object().unwrap() {
                let row = row.as_object().unwrap().iter();
                let row = row.filter(|(kind, cell)| {
                    cell.get("json").is_some() && !(at.is_empty() && *kind == "absent")
                });
                cells.extend(row.map(|(kind, _)| Cell { ceremony, at, kind }));
            }
        }
        cells
    }

    fn recorded(&self, cell: Cell<'_>) -> &Value {
        &self.chromium[cell.ceremony][cell.at][cell.kind]
    }

    fn deviation(&self, cell: Cell<'_>) -> Option<&Value> {
        let has = |list: &Value, item| list.as_array().unwrap().contains(&json!(item));
        self.deviations.iter().find(|deviation| {
            deviation["ceremony"] == cell.ceremony
                && has(&deviation["forms"], "json")
                && has(&deviation["members"], cell.at)
                && has(&deviation["kinds"], cell.kind)
        })
    }

    /// The options of a cell; `id` is the credential that is allowed.
    fn options(&self, cell: Cell<'_>, id: &str) -> Value {
        let inputs = &self.members[cell.ceremony];
        let mut options = inputs["options"].clone();
        if let Some(extension) = cell.at.strip_prefix("/extensions/") {
            options["extensions"] = inputs["extensions"][format!("/{extension}")].clone();
        }
        let mut options = parse(&options.to_string().replace("\"ID\"", &format!("\"{id}\"")));
        let at = cell.at.replace("/ID", &format!("/{id}"));
        let value = (cell.kind != "absent").then(|| {
            // No text of Rust has a lone surrogate: U+FFFD stands for it, as in UTF-8.
            parse(&cell.kind.replace("\\ud800", "\\ufffd"))
        });
        let Some((parent, name)) = at.rsplit_once('/') else { return value.unwrap() };
        match (options.pointer_mut(parent).unwrap(), value) {
            (Value::Object(members), Some(value)) => drop(members.insert(name.to_owned(), value)),
            (Value::Object(members), None) => drop(members.remove(name)),
            (Value::Array(items), Some(value)) => items[name.parse::<usize>().unwrap()] = value,
            (Value::Array(items), None) => drop(items.remove(name.parse().unwrap())),
            (other, _) => panic!("{other} has no members"),
        }
        options
    }
}

/// A client with a passkey, and its id.
fn client() -> (Client, String) {
    let mut client = Client::new("http://localhost:3000").unwrap();
    let options = json!({
        "rp": { "name": "RP" },
        "user": { "id": "AAAAAAAAAAAAAAAAAAAAAA", "name": "a", "displayName": "a" },
        "challenge": "AAAA",
        "pubKeyCredParams": [{ "type": "public-key", "alg": -7 }],
        "authenticatorSelection": { "residentKey": "required" },
    });
    let made = client.create(&options).unwrap();
    (client, made["id"].as_str().unwrap().to_owned())
}

#[test]
fn the_client_answers_as_chromium_or_as_the_specification() {
    let table = Table::read();
    let mut differences = Vec::new();
    for cell in table.cells() {
        let (mut client, id) = client();
        let options = table.options(cell, &id);
        let result = match cell.ceremony {
            "create" => client.create(&options),
            _ => client.get(&options),
        };
        let found =
            result.map_or_else(|exception| exception.name.to_string(), |_| "accepted".to_owned());
        let recorded = &table.recorded(cell)["json"];
        let deviation = table.deviation(cell);
        let expected = deviation.map_or(recorded, |deviation| &deviation["specification"]);
        if expected != &json!(found) {
            let Cell { ceremony, at, kind } = cell;
            differences.push(format!("{ceremony} {at} {kind}: expected {expected}, found {found}"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// Extensions stay in the options as they were sent.
#[test]
fn members_are_converted_as_in_chromium() {
    let table = Table::read();
    let mut compared = 0;
    for cell in table.cells() {
        let expected = table.recorded(cell).get("value");
        let is_default = cell.kind == "absent";
        let Some(expected) = expected.filter(|_| !is_default && !cell.at.contains("/extensions"))
        else {
            continue;
        };
        let options = table.options(cell, "AAAA");
        let converted = match cell.ceremony {
            "create" => CreationOptions::parse(&options).map(serde_json::to_value),
            _ => RequestOptions::parse(&options).map(serde_json::to_value),
        };
        let Cell { ceremony, at, kind } = cell;
        let converted = converted.unwrap().unwrap();
        assert_eq!(converted.pointer(at), Some(expected), "{ceremony} {at} {kind}");
        compared += 1;
    }
    assert!(compared > 300, "compared {compared}");
}

#[test]
fn each_deviation_of_chromium_is_one_and_names_its_clause() {
    let table = Table::read();
    let inputs = &table.members;
    for deviation in &table.deviations {
        let texts = |name: &str| {
            let list = deviation[name].as_array().unwrap().iter();
            list.map(|text| text.as_str().unwrap()).collect::<Vec<_>>()
        };
        assert!(deviation["clause"].as_str().unwrap().contains('§'), "{deviation}");
        assert!(inputs.get(deviation["ceremony"].as_str().unwrap()).is_some(), "{deviation}");
        for (form, at, kind) in texts("forms").iter().flat_map(|form| {
            let cells = texts("members").into_iter();
            let cells = cells.flat_map(|at| texts("kinds").into_iter().map(move |kind| (at, kind)));
            cells.map(move |(at, kind)| (*form, at, kind)).collect::<Vec<_>>()
        }) {
            let ceremony = deviation["ceremony"].as_str().unwrap();
            let recorded = &table.chromium[ceremony][at][kind][form];
            assert_eq!(recorded, &deviation["chromium"], "{form} {ceremony} {at} {kind}");
            assert_ne!(recorded, &deviation["specification"], "{form} {ceremony} {at} {kind}");
        }
    }
}
