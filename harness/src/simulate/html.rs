//! The report of a simulation as a page: one file, which needs no network.

use std::io;

use askama::Template;

use super::document::{SimulationReport, visible};

/// The page. A text of the target is text in it, never markup.
pub fn render(report: &SimulationReport) -> io::Result<String> {
    let style = include_str!("../../templates/story.css");
    Page { style, report: visible(report).map_err(io::Error::other)? }
        .render()
        .map_err(io::Error::other)
}

#[derive(Template)]
#[template(path = "story.html")]
struct Page {
    style: &'static str,
    report: SimulationReport,
}
