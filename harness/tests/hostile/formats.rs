//! Formats that other programs read: a target's text makes them neither malformed nor more than
//! text. Each format is judged by a program or a schema that is not passrig's.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::elsewhere::{rendered, report};
use crate::support::{FEW, Ran, answer, check};
use crate::text::{answering, deceives, harmless, run_with_message};

/// Text that would be a link, markup, a mention, an issue or a formula in Markdown.
const MARKUP: &str = "http://evil.example https://evil.example/x ftp://evil.example www.evil.example \
    mailto:a@evil.example a@evil.example xmpp:a@evil.example/b @name @org/team (@name) ,@name, #1 \
    GH-1 gh-2 owner/repo#1 owner/repo@0123456789abcdef 0123456789abcdef0123456789abcdef01234567 \
    deadbeef DEADBEE (defaced) a/deadbeef. 1234567 x=0123456789abcdefABCDEF0123456789abcdefab \
    [vulnerability:1] *iteration:1 :tada: a:tada:b $x$ $$x$$ [a](http://evil.example) ![a](http://evil.example) [a][b] \
    <http://evil.example> <img src=x> <a href=x> <script>alert(1)</script> </details> <!-- &#64;name \
    &commat;name `@name` ``@name `code` ```x **b** __b__ ~~s~~ | a | b | \\| c \\\\| d ||| ---|--- \
    \\@name \\`@name\\` @a|b @a\\|b \\[a](http://evil.example) [a\\](http://evil.example) [^1] ::: ]";

/// A program of the system, unless it is missing and that is permitted.
fn judge(name: &str, arguments: &[&str], text: &str) -> Option<(bool, String)> {
    let mut command = Command::new(name);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => {
            assert!(std::env::var_os("PASSRIG_REQUIRE_RPS").is_none(), "{name}: {error}");
            eprintln!("skipped: {name} is not installed");
            return None;
        }
    };
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    Some((output.status.success(), String::from_utf8_lossy(&said).into_owned()))
}

/// A run against a target that says this, and the same texts in a report from elsewhere.
async fn both(text: &'static str) -> [(Ran, &'static str); 2] {
    let folder = tempfile::tempdir().unwrap();
    let foreign = report(text).await;
    [(run_with_message(text).await, "report"), (rendered(folder.path(), &foreign, "").await, "out")]
}

/// JUnit of a text with every character that XML does not have, and with marks of XML.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn junit_is_well_formed() {
    let text = "a\u{0}b\u{1}c\u{b}d\u{fffe}e\u{ffff}f\u{1b}[2J]]>&amp;<x y='\">\u{85}\u{2028}g";
    for (ran, name) in both(text).await {
        harmless(&ran);
        let xml = ran.file(&format!("{name}.junit"));
        assert!(!xml.contains("<x y"), "{xml}");
        let Some((well, said)) = judge("xmllint", &["--noout", "-"], &xml) else { return };
        assert!(well, "{said}\n{xml}");
    }
}

/// Text that CI runners take as commands, in reports that people print into logs.
const COMMANDS: &str = "##[error]owned ##vso[task.setvariable variable=a]b ###[group]x \
    ##teamcity[testFailed name='a'] ]]>##[debug]<b> ::error::x";

/// Reports with commands to CI runners stay well-formed and hold no command.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn reports_command_no_runner() {
    for (ran, name) in both(COMMANDS).await {
        harmless(&ran);
        let xml = ran.file(&format!("{name}.junit"));
        assert!(xml.contains("# #[error]owned"), "{xml}");
        if let Some((well, said)) = judge("xmllint", &["--noout", "-"], &xml) {
            assert!(well, "{said}\n{xml}");
        }
        let text = ran.file(&format!("{name}.markdown"));
        if let Some(html) = markdown(&text) {
            assert_eq!(replaced(&outside_code(&html)), None, "{text}\n{html}");
            assert!(html.contains("# #[error]owned"), "{html}");
        }
        assert!(ran.file(&format!("{name}.html")).contains("# #[error]owned"));
    }
}

/// JUnit of a page that is not JSON, with the same characters.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn junit_of_a_body_is_well_formed() {
    let url = answering(|| answer(500, "text/plain", "\u{fffe}]]>\u{ffff}<x>\u{1f}")).await;
    let ran = check(&url, FEW).await;
    ran.exits(1);
    let xml = ran.file("report.junit");
    assert!(xml.contains("\\u{fffe}"), "{xml}");
    let Some((well, said)) = judge("xmllint", &["--noout", "-"], &xml) else { return };
    assert!(well, "{said}\n{xml}");
}

/// Markdown as GitHub renders it, without what it replaces afterwards.
fn markdown(text: &str) -> Option<String> {
    let extensions = ["table", "autolink", "strikethrough", "tasklist"];
    let extensions = extensions.iter().flat_map(|name| ["-e", name]);
    let arguments: Vec<_> = ["--unsafe"].into_iter().chain(extensions).collect();
    let (well, html) = judge("cmark-gfm", &arguments, text)?;
    assert!(well, "{html}");
    Some(html)
}

/// The tags of a page in order, without those of code.
fn tags(html: &str) -> Vec<String> {
    let tags = html.split('<').skip(1).map(|rest| rest.split('>').next().unwrap().to_owned());
    tags.filter(|tag| !["code", "/code"].contains(&tag.as_str())).collect()
}

/// The text of a page outside code, as a reader sees it.
fn outside_code(html: &str) -> String {
    let mut out = String::new();
    for (index, part) in html.split("<code>").enumerate() {
        let outside = match index {
            0 => part,
            _ => part.split_once("</code>").unwrap().1,
        };
        let parts = outside.split('<').enumerate();
        out.extend(parts.map(|(index, part)| match index {
            0 => part,
            _ => part.split_once('>').unwrap().1,
        }));
        // Code is between two words.
        out.push('\u{0}');
    }
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")]
        .iter()
        .fold(out, |out, (entity, c)| out.replace(entity, c))
}

/// The first place in a text outside code that GitHub would replace.
fn replaced(text: &str) -> Option<&str> {
    let chars: Vec<(usize, char)> = text.char_indices().collect();
    for (index, (at, c)) in chars.iter().enumerate() {
        let next = chars.get(index + 1).map_or(' ', |(_, next)| *next);
        let rest = &text[*at..];
        let lower: String = rest.chars().take(8).collect::<String>().to_ascii_lowercase();
        let digits = rest.chars().take_while(char::is_ascii_hexdigit).count();
        let is_emoji = || {
            let is_part = |c: char| c.is_ascii_alphanumeric() || "_+-".contains(c);
            let name = rest.strip_prefix(':').unwrap_or_default();
            let after = name.trim_start_matches(is_part);
            after.len() < name.len() && after.starts_with(':')
        };
        let is_mark = match c {
            '@' => next.is_ascii_alphanumeric(),
            '#' => next.is_ascii_digit(),
            '$' => true,
            ':' => is_emoji(),
            _ => {
                ["http:", "https:", "ftp:", "www.", "mailto:", "xmpp:"]
                    .iter()
                    .any(|mark| lower.starts_with(mark))
                    || (lower.starts_with("gh-")
                        && rest[3..].starts_with(|c: char| c.is_ascii_digit()))
                    || digits >= 7
            }
        };
        if is_mark {
            return Some(rest);
        }
    }
    None
}

/// Markdown of a target that would like to have links, pictures, tables, mentions and issues.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn markdown_is_text() {
    let plain = "it went wrong";
    let honest = both(plain).await;
    for ((ran, name), (tame, _)) in both(MARKUP).await.iter().zip(&honest) {
        harmless(ran);
        let text = ran.file(&format!("{name}.markdown"));
        let Some(html) = markdown(&text) else { return };
        let tame = markdown(&tame.file(&format!("{name}.markdown"))).unwrap();
        assert_eq!(tags(&html), tags(&tame), "{text}\n{html}");
        for tag in ["<a", "<img", "<script", "<del", "<em", "<strong"] {
            assert!(!html.contains(tag), "{tag}: {html}");
        }
        assert_eq!(replaced(&outside_code(&html)), None, "{text}\n{html}");
        // Nothing is lost.
        assert!(text.contains("@org/team") && text.contains("owner/repo#1"), "{text}");
    }
}

/// Each piece alone, at the beginning and at the end of a text: what is beside it may protect it.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn markdown_of_each_piece() {
    let folder = tempfile::tempdir().unwrap();
    let mut foreign = report("").await;
    let pieces: Vec<_> = MARKUP.split(' ').filter(|piece| !piece.is_empty()).collect();
    let template = foreign["checks"][0].clone();
    let checks = pieces.iter().map(|piece| {
        let mut check = template.clone();
        (check["reason"], check["clause"]) = ((*piece).into(), (*piece).into());
        check
    });
    foreign["checks"] = checks.collect();
    let ran = rendered(folder.path(), &foreign, "").await;
    let text = ran.file("out.markdown");
    let Some(html) = markdown(&text) else { return };
    for tag in ["<a", "<img", "<script", "<del", "<em", "<strong"] {
        assert!(!html.contains(tag), "{tag}: {html}");
    }
    assert_eq!(replaced(&outside_code(&html)), None, "{text}\n{html}");
    assert_eq!(html.matches("<details>").count(), pieces.len(), "{html}");
    // Each piece is whole in the last cell of its row. A backslash more does no harm.
    let table = html.split("<h3>Failed</h3>").nth(1).unwrap().split("</table>").next().unwrap();
    let rows: Vec<_> = table.split("<tr>").skip(2).collect();
    assert_eq!(rows.len(), pieces.len(), "{html}");
    for (row, piece) in rows.iter().zip(&pieces) {
        let cell = row.rsplit("<td>").next().unwrap().replace("code>", "b>");
        let (cell, piece) = (outside_code(&cell).replace('\\', ""), piece.replace('\\', ""));
        assert!(cell.contains(&piece), "{piece:?} in {row}");
        assert_eq!(row.matches("<td>").count(), 5, "{row}");
    }
}

/// True if a text has an embedded link (SARIF §3.11.6), wherever a reader may begin to look.
fn links(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    (0..chars.len()).filter(|at| chars[*at] == '[').any(|at| {
        let mut at = at + 1;
        loop {
            match (chars.get(at), chars.get(at + 1)) {
                (Some('\\'), Some('\\' | '[' | ']')) => at += 2,
                (Some(']'), Some('(')) => return true,
                (Some('[' | ']') | None, _) => return false,
                _ => at += 1,
            }
        }
    })
}

/// The messages in a SARIF log.
fn messages(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| messages(item, found)),
        Value::Object(members) => {
            found.extend(members.get("text").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|value| messages(value, found));
        }
        _ => {}
    }
}

/// SARIF against the whole schema; its messages have no links and no placeholders.
#[track_caller]
fn judge_sarif(text: &str) -> Value {
    let schema = include_str!("sarif/sarif-schema-2.1.0.json");
    // A pattern of the schema has a bracket too many, which is not a regular expression of ECMA.
    let schema = schema.replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}$");
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let schema = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    let log: Value = serde_json::from_str(text).unwrap();
    let errors: Vec<_> = schema.iter_errors(&log).map(|error| error.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new());
    let mut all = Vec::new();
    messages(&log, &mut all);
    assert!(!all.is_empty());
    for message in all {
        assert!(!links(&message), "{message}");
        let braces = message.replace("{{", "").replace("}}", "");
        assert!(!braces.contains(['{', '}']), "{message}");
        assert!(!message.contains(deceives), "{message:?}");
    }
    log
}

/// SARIF of a target that would like to have links and placeholders.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn sarif_has_no_links() {
    let text = "[a](http://evil.example) \\[b](1) [c\\](2) \\\\[d\\\\](sarif:/x) {0} {{1}} {} \
                [e[f]](3) ](4) [g](http://evil.example/\u{202e}\u{fffe}";
    for (ran, name) in both(text).await {
        harmless(&ran);
        judge_sarif(&ran.file(&format!("{name}.sarif")));
    }
}

/// SARIF of a run that ended before its time, and of texts where URIs would stand.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn sarif_of_a_stopped_run() {
    let folder = tempfile::tempdir().unwrap();
    let mut foreign = report("[a](b) {0} not a uri").await;
    foreign["stopped"] = "[a](http://evil.example) {0}".into();
    foreign["tool"]["version"] = "not semantic".into();
    let ran = rendered(folder.path(), &foreign, "").await;
    let log = judge_sarif(&ran.file("out.sarif"));
    let driver = &log["runs"][0]["tool"]["driver"];
    assert_eq!(driver["version"], "not semantic");
    assert_eq!(driver.get("semanticVersion"), None);
}

/// The page has as many tags as that of an honest target.
// Before: held.
#[tokio::test(flavor = "multi_thread")]
async fn html_is_text() {
    let honest = both("it went wrong").await;
    for ((ran, name), (tame, _)) in both(MARKUP).await.iter().zip(&honest) {
        let body = |ran: &Ran| {
            let page = ran.file(&format!("{name}.html"));
            let body = page.split_once("<body>").unwrap().1;
            body.split_once("<script").unwrap().0.to_owned()
        };
        let names = |page: &str| -> Vec<String> {
            let names = tags(page).into_iter();
            names.map(|tag| tag.split_whitespace().next().unwrap_or_default().to_owned()).collect()
        };
        assert_eq!(names(&body(ran)), names(&body(tame)));
    }
}

/// The log and the JSON report hold exactly what the target said, though they can be printed.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn json_keeps_each_character() {
    const TEXT: &str =
        "\u{0}\u{1b}\u{7f}\u{9b}\u{ad}\u{202e}\u{2028}\u{feff}\u{fffe}\u{e0041}\u{10ffff}##[x]ü";
    let ran = run_with_message(TEXT).await;
    harmless(&ran);
    let lines = ran.file("one.jsonl");
    let logged = lines.lines().any(|line| {
        let line: Value = serde_json::from_str(line).unwrap();
        let bodies = line["exchanges"].as_array().into_iter().flatten();
        let mut texts = bodies.filter_map(|one| one["response"]["body"]["text"].as_str());
        texts.any(|text| {
            let body: Value = serde_json::from_str(text).unwrap_or_default();
            body["errorMessage"] == TEXT
        })
    });
    assert!(logged, "{lines}");
    let report: Value = serde_json::from_str(&ran.file("report.json")).unwrap();
    let checks = report["checks"].as_array().unwrap();
    let mut reasons = checks.iter().filter_map(|check| check["reason"].as_str());
    assert!(reasons.any(|reason| reason.ends_with(TEXT)), "{checks:?}");
}
