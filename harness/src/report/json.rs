//! The report for programs.

use std::io;

use schemars::{Schema, schema_for};

use crate::outcome::Report;

/// The report as JSON, for people to look at too.
pub fn render(report: &Report) -> io::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(report)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// What [`render`] makes. Members may be added to it; none is removed or
/// changes its meaning while `schema_version` stays.
pub fn schema() -> Schema {
    schema_for!(Report)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::terminal::samples;

    #[test]
    fn is_what_its_schema_says() {
        let report: serde_json::Value =
            serde_json::from_slice(&render(&samples::report()).unwrap()).unwrap();
        let schema = jsonschema::validator_for(schema().as_value()).unwrap();
        let errors: Vec<_> = schema.iter_errors(&report).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new());

        let members: Vec<_> = report.as_object().unwrap().keys().collect();
        assert_eq!(
            members,
            ["schema_version", "tool", "seed", "run_id", "target", "summary", "checks"]
        );
        let mut wrong = report;
        wrong["checks"][0]["outcome"] = "fine".into();
        assert!(!schema.is_valid(&wrong));
    }

    #[test]
    fn comes_back() {
        let report = samples::report();
        let back: Report = serde_json::from_slice(&render(&report).unwrap()).unwrap();
        assert_eq!(back, report);
    }
}
