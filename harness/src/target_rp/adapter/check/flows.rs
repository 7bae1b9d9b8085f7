//! The flows of an adapter, those that it names itself written out.

use crate::toml_file::Spanned;

use super::{At, Checked, heading};
use crate::target_rp::adapter::document::{AdapterDocument, StepTable};
use crate::target_rp::adapter::{AdapterFault, Flow};

pub(super) type WrittenFlow = Vec<Spanned<StepTable>>;

/// Every step that is written somewhere, each once.
pub(super) fn steps(document: &AdapterDocument) -> impl Iterator<Item = &Spanned<StepTable>> {
    let own = document.flow.values().flatten();
    Flow::ALL.into_iter().flat_map(|flow| written(document, flow)).chain(own)
}

/// The steps of a flow, with those of the flows that it names in their place.
pub(super) fn expanded(
    document: &AdapterDocument,
    flow: Flow,
) -> Checked<Vec<&Spanned<StepTable>>> {
    let mut steps = Vec::new();
    expand(document, written(document, flow), &mut vec![flow.name()], &mut steps)?;
    Ok(steps)
}

/// An own flow has a name of its own.
pub(super) fn have_names(document: &AdapterDocument) -> Checked<()> {
    match document.flow.keys().find(|name| given(name.get_ref()).is_some()) {
        Some(name) => Err(At(AdapterFault::FlowName(name.get_ref().clone()), name.span())),
        None => Ok(()),
    }
}

fn expand<'a>(
    document: &'a AdapterDocument,
    written: &'a WrittenFlow,
    within: &mut Vec<&'a str>,
    steps: &mut Vec<&'a Spanned<StepTable>>,
) -> Checked<()> {
    for step in written {
        let Some(name) = &step.get_ref().flow else {
            steps.push(step);
            continue;
        };
        if !step.get_ref().is_of_a_flow_only() {
            return Err(At(AdapterFault::Act, heading(step)));
        }
        let (text, span) = (name.get_ref().as_str(), name.span());
        if within.contains(&text) {
            return Err(At(AdapterFault::FlowInItself(text.to_owned()), span));
        }
        let named = named(document, text).ok_or_else(|| At(unknown(document, text), span))?;
        within.push(text);
        expand(document, named, within, steps)?;
        within.pop();
    }
    Ok(())
}

fn named<'a>(document: &'a AdapterDocument, name: &str) -> Option<&'a WrittenFlow> {
    let own = document.flow.iter().find(|(own, _)| own.get_ref() == name);
    let given = || given(name).map(|flow| written(document, flow));
    own.map(|(_, steps)| steps).or_else(given).filter(|steps| !steps.is_empty())
}

fn given(name: &str) -> Option<Flow> {
    Flow::ALL.into_iter().find(|flow| flow.name() == name)
}

fn unknown(document: &AdapterDocument, name: &str) -> AdapterFault {
    let given = Flow::ALL.into_iter().filter(|flow| !written(document, *flow).is_empty());
    let own = document.flow.keys().map(|own| own.get_ref().clone());
    let known = own.chain(given.map(|flow| flow.name().to_owned())).collect();
    AdapterFault::UnknownFlow { name: name.to_owned(), known }
}

fn written(document: &AdapterDocument, flow: Flow) -> &WrittenFlow {
    match flow {
        Flow::Provision => &document.provision,
        Flow::Login => &document.login,
        Flow::Register => &document.register,
        Flow::Authenticate => &document.authenticate,
        Flow::List => &document.list,
        Flow::Remove => &document.remove,
        Flow::Whoami => &document.whoami,
        Flow::Logout => &document.logout,
        Flow::Close => &document.close,
        Flow::Prepare => &document.prepare,
        Flow::Recover => &document.recover,
        Flow::Detect => &document.detect,
    }
}
