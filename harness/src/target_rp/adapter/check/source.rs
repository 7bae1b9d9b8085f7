//! Where values are in answers.

use std::ops::Range;

use regex::Regex;
use toml::Spanned;

use super::super::document::{self, Places, SourceTable};
use super::super::{Fault, Place, Query, Refinement, Selector, Source};
use super::{At, Checked, header_name, plain};

pub(super) fn source(spanned: &Spanned<document::Source>) -> Checked<Source> {
    match spanned.get_ref() {
        document::Source::Text(text) => {
            let plain = |place| Source { place, refinements: vec![], all: false, optional: false };
            match text.as_str() {
                "status" => Ok(plain(Place::Status)),
                "url" => Ok(plain(Place::Url)),
                path => Ok(Source::json(path_query(path, spanned.span())?)),
            }
        }
        document::Source::Table(table) => from_table(table, &spanned.span()),
    }
}

fn from_table(table: &SourceTable, span: &Range<usize>) -> Checked<Source> {
    let refinements = refinements(table)?;
    let place = place(table, span)?;
    let says_nothing = matches!(place, Place::Body) && refinements.is_empty();
    if says_nothing {
        return Err(At(Fault::SourceEmpty, span.clone()));
    }
    let all = table.all || table.split.is_some();
    Ok(Source { place, refinements, all, optional: table.optional })
}

fn place(table: &SourceTable, span: &Range<usize>) -> Checked<Place> {
    let places = [&table.header, &table.cookie, &table.html];
    if places.into_iter().flatten().count() > 1 {
        return Err(At(Fault::SourceTwice, span.clone()));
    }
    if let (Some(attribute), None) = (&table.attribute, &table.html) {
        return Err(At(Fault::AttributeAlone, attribute.span()));
    }
    Ok(match (&table.header, &table.cookie, &table.html) {
        (Some(name), ..) => Place::Header(header_name(name)?.to_string()),
        (_, Some(name), _) => Place::Cookie(name.get_ref().clone()),
        (.., Some(text)) => Place::Html {
            selector: selector(text)?,
            attribute: table.attribute.as_ref().map(|name| name.get_ref().to_ascii_lowercase()),
        },
        _ if table.parameter.is_some() => Place::Url,
        _ => Place::Body,
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
        Some(Places::One(path)) => std::slice::from_ref(path),
        Some(Places::Several(paths)) => paths,
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
    Selector::parse(text.get_ref()).map_err(|rest| At(Fault::Selector(rest), text.span()))
}

fn regex(text: &Spanned<String>) -> Checked<Regex> {
    Regex::new(text.get_ref()).map_err(|error| {
        let reason = error.to_string();
        let reason = reason.lines().last().unwrap_or_default();
        let reason = reason.strip_prefix("error: ").unwrap_or(reason);
        At(Fault::Regex(reason.to_owned()), text.span())
    })
}

pub(super) fn query(path: &Spanned<String>) -> Checked<Query> {
    path_query(path.get_ref(), path.span())
}

fn path_query(path: &str, span: Range<usize>) -> Checked<Query> {
    Query::parse(path).map_err(|error| {
        let rest = path.get(error.position()..).unwrap_or_default();
        At(Fault::JsonPath(rest.to_owned()), span)
    })
}
