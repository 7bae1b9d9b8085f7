//! A story as a page: one file, which needs no network.

use std::io;

use askama::Template;

use super::document::SimulationReport;

/// The page. A text of the target is text in it, never markup.
pub fn render(report: &SimulationReport) -> io::Result<String> {
    let style = include_str!("../../templates/story.css");
    Page { style, report: report.visible() }.render().map_err(io::Error::other)
}

#[derive(Template)]
#[template(path = "story.html")]
struct Page {
    style: &'static str,
    report: SimulationReport,
}
