//! The role of a step, and the meaning of its answers.

use std::ops::Range;

use crate::toml_file::Spanned;

use passrig_authenticator::wire::Json;

use super::super::document::{self, Node};
use super::super::{
    AdapterFault, Condition, CredentialEdit, Finish, Flow, MemberChange, OptionsSource,
    StatusMatch, StepRole, ValueTemplate,
};
use super::source::{query, selector, source};
use super::{At, Checked, header_name, heading, plain};

pub(super) fn role(
    flow: Flow,
    spanned: &Spanned<document::StepTable>,
    carries_credential: bool,
    assembled: Option<ValueTemplate>,
) -> Checked<StepRole> {
    let step = spanned.get_ref();
    let misplaced = |field, span: Option<Range<usize>>, belongs| match span {
        Some(span) => Err(At(AdapterFault::Misplaced { field, belongs }, span)),
        None => Ok(()),
    };
    let span = |place: &Option<Spanned<document::WrittenSource>>| place.as_ref().map(Spanned::span);
    let assemble = step.assemble.as_ref().map(Spanned::span);
    let yields_options = step.options.is_some() || assembled.is_some();
    if flow != Flow::Whoami {
        let signed_in = step.signed_in.as_ref().map(Spanned::span);
        misplaced("signed_in", signed_in, "`whoami`")?;
        misplaced("user", span(&step.user), "`whoami`")?;
    }
    if flow != Flow::List {
        misplaced("credential_ids", span(&step.credential_ids), "`list`")?;
        misplaced("record_ids", span(&step.record_ids), "`list`")?;
    }
    if !flow.is_ceremony() {
        misplaced("options", span(&step.options), "`register` and `authenticate`")?;
        misplaced("assemble", assemble.clone(), "`register` and `authenticate`")?;
    }
    if !carries_credential {
        let belongs = "the step that carries the credential";
        misplaced("credential", step.credential.as_ref().map(Spanned::span), belongs)?;
        misplaced("accepted", step.accepted.as_ref().map(Spanned::span), belongs)?;
    }
    if !carries_credential && !yields_options {
        let belongs = "the steps that hold the options or carry the credential";
        misplaced("refused", step.refused.as_ref().map(Spanned::span), belongs)?;
    }
    let expect = step.expect.as_ref();
    let own = step.signed_in.is_some() || step.credential_ids.is_some();
    if carries_credential || own {
        let belongs = "steps that prepare others or hold the options";
        misplaced("expect", expect.map(Spanned::span), belongs)?;
    }
    if carries_credential || yields_options || step.credential_ids.is_some() {
        let belongs = "steps that only prepare others, and `whoami`";
        misplaced("when", step.when.as_ref().map(Spanned::span), belongs)?;
        misplaced("unless", step.unless.as_ref().map(Spanned::span), belongs)?;
    }
    if carries_credential {
        let finish = finish(spanned)?;
        misplaced("options", span(&step.options), "a step before this one")?;
        misplaced("assemble", assemble, "a step before this one")?;
        return Ok(StepRole::Credential(finish));
    }
    let found = step.options.as_ref().map(source).transpose()?.map(OptionsSource::Found);
    if let Some(at) = found.or(assembled.map(OptionsSource::Assembled)) {
        let refused = conditions(step.refused.as_ref().map(Spanned::get_ref))?;
        let expected = conditions(expect.map(Spanned::get_ref))?;
        return Ok(StepRole::Options { at, expected, refused });
    }
    if let Some(signed_in) = &step.signed_in {
        let user = step.user.as_ref().map(source).transpose()?;
        return Ok(StepRole::Whoami { signed_in: condition(signed_in)?, user });
    }
    if let Some(ids) = &step.credential_ids {
        let record_ids = step.record_ids.as_ref().map(source).transpose()?;
        return Ok(StepRole::List { credential_ids: source(ids)?, record_ids });
    }
    Ok(StepRole::Prepare(conditions(expect.map(Spanned::get_ref))?))
}

fn finish(spanned: &Spanned<document::StepTable>) -> Checked<Finish> {
    let step = spanned.get_ref();
    let missing = |name| At(AdapterFault::NoConditions(name), heading(spanned));
    let some = |list: &&Spanned<Vec<_>>| !list.get_ref().is_empty();
    let accepted = step.accepted.as_ref().filter(some).ok_or_else(|| missing("accepted"))?;
    let refused = step.refused.as_ref().filter(some).ok_or_else(|| missing("refused"))?;
    let mut edits = Vec::new();
    if let Some(credential) = &step.credential {
        let credential = credential.get_ref();
        let names = |path: &Spanned<String>| path.get_ref().split('.').map(str::to_owned).collect();
        for path in &credential.drop {
            edits.push(CredentialEdit { path: names(path), change: MemberChange::Drop });
        }
        for (path, value) in &credential.set {
            edits.push(CredentialEdit {
                path: names(path),
                change: MemberChange::Set(Json::from(&plain(value))),
            });
        }
        if let Some(binary) = credential.binary {
            edits.push(CredentialEdit { path: Vec::new(), change: MemberChange::Binary(binary) });
        }
        // Last, so that every path above is written with the usual names.
        // Deeper members first, for the same reason.
        let mut renames: Vec<_> = credential.rename.iter().collect();
        renames.sort_by_key(|(path, _)| std::cmp::Reverse(path.get_ref().matches('.').count()));
        for (path, name) in renames {
            edits.push(CredentialEdit {
                path: names(path),
                change: MemberChange::Rename(name.clone()),
            });
        }
        for path in &credential.stringify {
            edits.push(CredentialEdit { path: names(path), change: MemberChange::Stringify });
        }
    }
    Ok(Finish {
        edits,
        accepted: conditions(Some(accepted.get_ref()))?,
        refused: conditions(Some(refused.get_ref()))?,
    })
}

fn conditions(list: Option<&Vec<Spanned<document::ConditionTable>>>) -> Checked<Vec<Condition>> {
    list.into_iter().flatten().map(condition).collect()
}

fn condition(spanned: &Spanned<document::ConditionTable>) -> Checked<Condition> {
    let written = spanned.get_ref();
    let incomplete =
        |field, needs, span| Err(At(AdapterFault::ConditionIncomplete { field, needs }, span));
    if let (Some(equals), None) = (&written.equals, &written.json) {
        return incomplete("equals", "json", equals.span());
    }
    if let (Some(contains), None, None) = (&written.contains, &written.header, &written.html) {
        return incomplete("contains", "header", contains.span());
    }
    let mut status = Vec::new();
    for node in written.status.iter().flatten() {
        status.push(status_match(node)?);
    }
    let json = match &written.json {
        Some(path) => Some((query(path)?, written.equals.as_ref().map(plain))),
        None => None,
    };
    let header = match &written.header {
        Some(name) => {
            let contains = written.contains.as_ref().map(|text| text.get_ref().clone());
            Some((header_name(name)?.to_string(), contains))
        }
        None => None,
    };
    let contains = || written.contains.as_ref().map(|text| text.get_ref().clone());
    let html = match &written.html {
        Some(text) => Some((selector(text)?, contains())),
        None => None,
    };
    let condition = Condition { status, json, header, html, body: written.body.clone() };
    let empty = condition.status.is_empty()
        && condition.json.is_none()
        && condition.header.is_none()
        && condition.html.is_none()
        && condition.body.as_ref().is_none_or(String::is_empty);
    if empty {
        return Err(At(AdapterFault::EmptyCondition, spanned.span()));
    }
    Ok(condition)
}

fn status_match(node: &Spanned<Node>) -> Checked<StatusMatch> {
    let (found, parsed) = match node.get_ref() {
        Node::Number(number) => {
            let code = number.as_u64().and_then(|code| u16::try_from(code).ok());
            let valid = code.filter(|code| (100..600).contains(code));
            (number.to_string(), valid.map(StatusMatch::Code))
        }
        Node::Text(text) => {
            let class = text.strip_suffix("xx").and_then(|digit| digit.parse().ok());
            let valid = class.filter(|class| (1..6).contains(class));
            (text.clone(), valid.map(StatusMatch::Class))
        }
        _ => ("this".to_owned(), None),
    };
    parsed.ok_or_else(|| At(AdapterFault::HttpStatus(found), node.span()))
}
