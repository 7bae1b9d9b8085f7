//! A story as a page: one file, which needs no network.

use std::fmt::Write;

use super::story::{Finding, Step, Story};
use crate::outcome::{Outcome, visible};

/// The page. Whatever the target said is text in it, never markup.
pub fn render(story: &Story) -> String {
    let story = &story.visible();
    let mut out = String::new();
    let title = escaped(&story.title);
    // Writing to a string does not fail.
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta http-equiv=\"content-security-policy\" \
         content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>passrig: {title}</title>\n<style>{STYLE}</style>\n\
         <h1>{title}</h1>\n<p class=\"question\">{}</p>\n<dl>\n",
        escaped(&story.question)
    );
    for role in &story.cast {
        let _ = writeln!(out, "<dt>{}<dd>{}", escaped(&role.name), escaped(&role.part));
    }
    let _ = writeln!(
        out,
        "<dt>RP<dd>{} ({})\n<dt>Played again<dd>seed {}, run id {}\n</dl>",
        escaped(&story.target.origin),
        escaped(&story.target.adapter),
        escaped(&story.seed),
        escaped(&story.run_id)
    );
    if let Some(reason) = &story.stopped {
        let _ = writeln!(out, "<p><b>Stopped before the end: {}.</b></p>", escaped(reason));
    }
    findings(story, &mut out);
    for (index, act) in story.acts.iter().enumerate() {
        let _ = writeln!(
            out,
            "<h2>Act {}: {}</h2>\n<p>{}</p>\n<ol>",
            index + 1,
            escaped(&act.title),
            escaped(&act.about)
        );
        for one in &act.steps {
            step(one, &mut out);
        }
        out += "</ol>\n";
    }
    out
}

fn findings(story: &Story, out: &mut String) {
    let count = story.findings.len();
    let _ = writeln!(out, "<h2>Findings: {count}</h2>");
    for finding in &story.findings {
        let Finding { step, id, title, outcome, level, importance, clause, seen, why, fix } =
            finding;
        let _ = writeln!(
            out,
            "<section class=\"{0}\">\n<h3><b>{0}</b> {1}</h3>\n<dl>\n<dt>tried<dd>{2}\n<dt>RP\
             <dd>{3}\n<dt>rule<dd>{4}; level {level}, importance {importance}\n<dt>why<dd>{5}\n\
             <dt>fix<dd>{6}\n<dt>step<dd><a href=\"#step-{step}\">{step}</a>\n</dl>\n</section>",
            outcome.name(),
            escaped(id),
            escaped(title),
            escaped(seen),
            escaped(clause),
            escaped(why),
            escaped(fix)
        );
    }
}

fn step(step: &Step, out: &mut String) {
    let class = step.outcome.map_or("told", Outcome::name);
    let device = step.device.iter().map(|device| format!(", with {device}"));
    let domain = step.domain.iter().map(|domain| format!(", on {domain}"));
    let with: String = device.chain(domain).collect();
    let _ = writeln!(
        out,
        "<li id=\"step-{0}\" value=\"{0}\" class=\"{class}\"><b>{1}</b>{2}<br>{3}.",
        step.number,
        escaped(&step.who),
        escaped(&with),
        escaped(&step.does)
    );
    for answer in &step.answers {
        let (by, says) = (escaped(&answer.by), escaped(&answer.says));
        let _ = writeln!(out, "<p class=\"answer\">{by}: {says}</p>");
    }
    let word = step.outcome.map_or(String::new(), |outcome| format!("<b>{}</b> ", outcome.name()));
    let _ = writeln!(out, "<p>{word}{}</p>", escaped(&step.means));
}

/// A text in which nothing is markup, and nothing steers a screen.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in visible::block(text).chars() {
        match character {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&#39;",
            _ => out.push(character),
        }
    }
    out
}

const STYLE: &str = "
:root { color-scheme: light dark; --faint: #767676; --pass: #1a7f37; --fail: #c62828;
  --warn: #9a6700; --note: #0969da; --line: #8884 }
@media (prefers-color-scheme: dark) { :root { --faint: #9a9a9a; --pass: #57ab5a; --fail: #f47067;
  --warn: #d4a72c; --note: #539bf5 } }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem }
h1 { margin-bottom: 0 } h2 { margin-top: 2.5rem } h3 { margin: 0; overflow-wrap: anywhere }
.question { font-size: 1.15rem; margin-top: .25rem }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem } dd { margin: 0 }
dt, .answer { color: var(--faint) } ol { padding-left: 2.5rem } li { margin: 1.2rem 0 }
li p { margin: .2rem 0 } li { border-left: 3px solid var(--line); padding-left: .8rem }
section { border-left: 3px solid var(--line); padding-left: .8rem; margin: 1.2rem 0 }
.pass { border-color: var(--pass) } .fail, .error { border-color: var(--fail) }
.warn { border-color: var(--warn) } .note, .inconclusive { border-color: var(--note) }
@media print { body { margin: 0; max-width: none } li, section { break-inside: avoid } }
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_target_says_is_text() {
        assert_eq!(
            escaped("</p><script>alert(\"1\")</script> & '\u{1b}[2J"),
            "&lt;/p&gt;&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;␛[2J"
        );
    }
}
