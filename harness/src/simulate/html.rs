//! A story as a page: one file, which needs no network.

use std::io;

use askama::Template;

use super::story::Story;

/// The page. A text of the target is text in it, never markup.
pub fn render(story: &Story) -> io::Result<String> {
    let style = include_str!("../../templates/story.css");
    Page { style, story: story.visible() }.render().map_err(io::Error::other)
}

#[derive(Template)]
#[template(path = "story.html")]
struct Page {
    style: &'static str,
    story: Story,
}
