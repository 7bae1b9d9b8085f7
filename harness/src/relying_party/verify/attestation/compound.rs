//! Compound (§8.9): several statements about one credential.

use passrig_authenticator::wire::cbor::Item;
use passrig_authenticator::wire::{AttestationObject, Cbor};

use super::{Evidence, Statement, StepResult, derive, refuse};
use crate::relying_party::verify::examine_statement;

/// §8.9
pub(crate) fn syntax(e: &mut Evidence<'_>) -> StepResult {
    derive(e, "compound", |statement| {
        let Item::Array(items) = &statement.item else { return Err("it is no array") };
        if items.len() < 2 {
            return Err("it has fewer than two statements");
        }
        let read = |item: &Cbor| {
            let fmt = item.get("fmt").and_then(Cbor::as_text).ok_or("fmt is no text")?;
            let statement = item.get("attStmt").ok_or("attStmt is missing")?;
            match fmt {
                "compound" => Err("it is nested"),
                fmt => Ok((fmt.to_owned(), statement.clone())),
            }
        };
        Ok(Statement::Compound(items.iter().map(read).collect::<Result<_, _>>()?))
    })
}

/// §8.9 steps 1 and 2. How many have to be valid is for each RP to say; this
/// one wants all.
pub(crate) fn each(e: &Evidence<'_>) -> StepResult {
    let (Some(Statement::Compound(statements)), Some(object)) =
        (&e.statement, &e.attestation_object)
    else {
        return Ok(());
    };
    for (fmt, statement) in statements {
        let inner = AttestationObject {
            fmt: fmt.clone(),
            statement: statement.clone(),
            authenticator_data: object.authenticator_data.clone(),
        };
        let evidence = Evidence { attestation_object: Some(inner), statement: None, ..e.clone() };
        if let Some((step, violation)) = examine_statement(evidence).into_iter().next() {
            return refuse(format!("the {fmt} statement: {}: {violation}", step.clause));
        }
    }
    Ok(())
}
