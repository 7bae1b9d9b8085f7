//! The places of values in answers.

use std::ops::Range;

use crate::toml_file::Spanned;
use regex::Regex;

use super::super::document::{self, JsonPaths, SourceTable};
use super::super::{AdapterFault, AnswerPart, Query, Refinement, Selector, ValueSource};
use super::{At, Checked, header_name, plain};

pub(super) fn source(spanned: &Spanned<document::WrittenSource>) -> Checked<ValueSource> {
    match spanned.get_ref() {
        document::WrittenSource::Text(text) => {
            let plain =
                |place| ValueSource { place, refinements: vec![], all: false, optional: false };
            match text.as_str() {
                "status" => Ok(plain(AnswerPart::Status)),
                "url" => Ok(plain(AnswerPart::Url)),
                path => Ok(ValueSource::json(path_query(path, spanned.span())?)),
            }
        }
        document::WrittenSource::Table(table) => from_table(table, &spanned.span()),
    }
}

fn from_table(table: &SourceTable, span: &Range<usize>) -> Checked<ValueSource> {
    let refinements = refinements(table)?;
    let place = place(table, span)?;
    let says_nothing = matches!(place, AnswerPart::Body) && refinements.is_empty();
    if says_nothing {
        return Err(At(AdapterFault::SourceEmpty, span.clone()));
    }
    let all = table.all || table.split.is_some();
    Ok(ValueSource { place, refinements, all, optional: table.optional })
}

fn place(table: &SourceTable, span: &Range<usize>) -> Checked<AnswerPart> {
    let places = [&table.header, &table.cookie, &table.html];
    if places.into_iter().flatten().count() > 1 {
        return Err(At(AdapterFault::SourceTwice, span.clone()));
    }
    if let (Some(attribute), None) = (&table.attribute, &table.html) {
        return Err(At(AdapterFault::AttributeAlone, attribute.span()));
    }
    Ok(match (&table.header, &table.cookie, &table.html) {
        (Some(name), ..) => AnswerPart::Header(header_name(name)?.to_string()),
        (_, Some(name), _) => AnswerPart::Cookie(name.get_ref().clone()),
        (.., Some(text)) => AnswerPart::Html {
            selector: selector(text)?,
            attribute: table.attribute.as_ref().map(|name| name.get_ref().to_ascii_lowercase()),
        },
        _ if table.parameter.is_some() => AnswerPart::Url,
        _ => AnswerPart::Body,
    })
}

/// In the order in which they are made, whatever the order in the file.
fn refinements(table: &SourceTable) -> Checked<Vec<Refinement>> {
    let mut refinements = Vec::new();
    if let Some(name) = &table.parameter {
        refinements.push(Refinement::Parameter(name.clone()));
    }
    if let Some(expression) = &table.regex {
        refinements.push(Refinement::Regex(regex(expression)?));
    }
    if table.base64 {
        refinements.push(Refinement::Base64);
    }
    let paths = match &table.json {
        Some(JsonPaths::One(path)) => std::slice::from_ref(path),
        Some(JsonPaths::Several(paths)) => paths,
        None => &[],
    };
    for path in paths {
        refinements.push(Refinement::Json(query(path)?));
    }
    if let Some(texts) = &table.absent {
        refinements.push(Refinement::Absent(texts.clone()));
    }
    if let Some(at) = &table.split {
        refinements.push(Refinement::Split(at.clone()));
    }
    if let Some(values) = &table.map {
        let values = values.iter().map(|(from, to)| (from.clone(), plain(to)));
        refinements.push(Refinement::Map(values.collect()));
    }
    if let Some(factor) = table.times {
        refinements.push(Refinement::Times(factor));
    }
    if let Some(binary) = table.binary {
        refinements.push(Refinement::Binary(binary));
    }
    if let Some(template) = &table.each {
        refinements.push(Refinement::Each(plain(template)));
    }
    Ok(refinements)
}

pub(super) fn selector(text: &Spanned<String>) -> Checked<Selector> {
    Selector::parse(text.get_ref()).map_err(|rest| At(AdapterFault::Selector(rest), text.span()))
}

fn regex(text: &Spanned<String>) -> Checked<Regex> {
    Regex::new(text.get_ref()).map_err(|error| {
        let reason = error.to_string();
        let reason = reason.lines().last().unwrap_or_default();
        let reason = reason.strip_prefix("error: ").unwrap_or(reason);
        At(AdapterFault::Regex(reason.to_owned()), text.span())
    })
}

pub(super) fn query(path: &Spanned<String>) -> Checked<Query> {
    path_query(path.get_ref(), path.span())
}

fn path_query(path: &str, span: Range<usize>) -> Checked<Query> {
    Query::parse(path).map_err(|error| {
        let rest = path.get(error.position()..).unwrap_or_default();
        At(AdapterFault::JsonPath(rest.to_owned()), span)
    })
}
