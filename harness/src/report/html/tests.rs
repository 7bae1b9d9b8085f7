use super::*;
use crate::outcome::{Body, CheckResult, Exchange, Report, Transcript};
use crate::report::samples;

fn transcripts(report: &Report, change: impl Fn(&mut Exchange)) -> Transcripts {
    let key = |result: &CheckResult| (result.id.clone(), result.variant.clone());
    let told = |result| {
        let told = samples::transcript();
        let mut exchanges = told.exchanges().to_vec();
        exchanges.iter_mut().for_each(&change);
        (key(result), Transcript::new(exchanges, told.attempt))
    };
    report.checks.iter().map(told).collect()
}

fn rendered(report: &Report, transcripts: &Transcripts) -> String {
    let (catalogue, replay) = (samples::catalogue(), samples::replay());
    page(&samples::findings(report, &catalogue, &replay).shown(), transcripts).render().unwrap()
}

/// The page without its style and script, and what is packed.
fn markup(page: &str) -> String {
    let page = page.replace(STYLE, "…").replace(SCRIPT, "…").replace(packed(page), "…");
    page.replace(&hash(STYLE), "…").replace(&hash(SCRIPT), "…")
}

fn packed(page: &str) -> &str {
    page.split_once("id=\"stories\">").unwrap().1.split_once('<').unwrap().0
}

#[test]
fn every_outcome() {
    let report = samples::expected_report();
    let page = rendered(&report, &transcripts(&report, |_| ()));
    insta::assert_snapshot!(markup(&page));
}

#[test]
fn a_diagnosis_is_a_group_of_its_failures() {
    let report = samples::diagnosed_report();
    let page = rendered(&report, &transcripts(&report, |_| ()));
    let groups: Vec<_> = page.split("<section id=\"group-").skip(1).collect();
    let diagnosis = groups[0];
    assert!(diagnosis.contains("<h2>Diagnosis 1 <small>2</small></h2>"), "{diagnosis}");
    assert!(diagnosis.contains("the RP does not compare the origin"), "{diagnosis}");
    for id in &report.diagnoses[0].checks {
        assert!(diagnosis.contains(&format!("<b>fail</b> <code>{id}</code>")), "{diagnosis}");
    }
    assert!(groups[1].contains("What failed"), "{}", groups[1]);
    let before = rendered(&samples::report(), &transcripts(&report, |_| ()));
    let count = |page: &str| page.matches("id=\"wrong-").count();
    assert_eq!(count(&page), count(&before));
}

/// Texts of a hostile target that would run or load something in a page.
const HOSTILE: [&str; 9] = [
    "<script>alert(1)</script>",
    "</pre><img src=x onerror=alert(1)>",
    "</template></script></style>",
    "\"><svg onload=alert(1)>",
    "' onmouseover='alert(1)",
    "<!-- ",
    "]]> &lt;b&gt;",
    "\u{0}\u{8}\u{1b}]0;title\u{7}",
    "\u{202e}gpj.exe\u{2066}",
];

#[test]
fn a_hostile_target_writes_no_markup() {
    let hostile = HOSTILE.join(" ");
    let tame = samples::report();
    let mut wild = tame.clone();
    wild.target.url = format!("http://localhost/{hostile}");
    wild.target.observed = [(hostile.clone(), hostile.clone())].into();
    for result in &mut wild.checks {
        result.reason = Some(format!("unrecognised {hostile}").into());
        result.clause.push_str(&hostile);
    }
    let evil = |exchange: &mut Exchange| {
        exchange.request.url.push_str(&hostile);
        exchange.request.headers.push((hostile.clone(), hostile.clone()));
        let text = serde_json::json!({ (hostile.clone()): hostile.clone() }).to_string();
        let body = |text: String| {
            Some(Body { length: text.len(), text, sha256: hostile.clone(), ..Body::default() })
        };
        exchange.request.body = body(text);
        if let Some(response) = &mut exchange.response {
            response.headers.push((hostile.clone(), hostile.clone()));
            response.body = body(hostile.clone());
        }
        exchange.error = exchange.error.as_ref().map(|error| format!("{error} {hostile}"));
    };
    let page = rendered(&wild, &transcripts(&wild, evil));
    // As many tags and attributes as without it; and its texts are there.
    let honest = rendered(&tame, &transcripts(&tame, |_| ()));
    for mark in
        ["<script", "</script", "</style", "</pre", "<img", "<svg", "<template", "<!--", "<b>"]
    {
        let count = |page: &str| markup(page).matches(mark).count();
        assert_eq!(count(&page), count(&honest), "{mark}");
    }
    for tag in markup(&page).split('<').skip(1).filter_map(|rest| rest.split_once('>')) {
        assert!(!tag.0.contains(" on"), "{}", tag.0);
    }
    assert!(page.contains("&#60;script&#62;alert(1)&#60;/script&#62;"), "{}", markup(&page));
    let unseen = |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c);
    assert_eq!(page.find(unseen), None);
    // The rest is packed, and made text nodes.
    let json = miniz_oxide::inflate::decompress_to_vec(&Base64::decode_vec(packed(&page)).unwrap());
    let stories: Vec<Vec<serde_json::Value>> = serde_json::from_slice(&json.unwrap()).unwrap();
    assert_eq!(stories.len(), wild.checks.len());
    assert!(stories.iter().any(|story| !story.is_empty()));
    for way in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval"] {
        assert!(!SCRIPT.contains(way), "{way}");
    }
}

#[test]
fn the_policy_names_what_runs() {
    let report = samples::report();
    let page = rendered(&report, &Transcripts::new());
    let policy = format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    );
    assert!(page.replace("&#39;", "'").contains(&policy), "{}", markup(&page));
    for (element, text) in [("style", STYLE), ("script", SCRIPT)] {
        assert!(page.contains(&format!("<{element}>{text}</{element}>")), "{element}");
        assert!(!text.contains("</"), "{element} ends early");
    }
}

#[test]
fn nothing_in_the_page_is_a_command_of_a_ci_runner() {
    let report = samples::expected_report();
    let page = rendered(&report, &transcripts(&report, |_| ()));
    // The style and the script are named by their hashes.
    assert_eq!(guarded(&page, false), page);
}
