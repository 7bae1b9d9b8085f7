//! Markdown, for the summary of a job and for comments on a change.
//!
//! Every text of a report goes through the module `text`.

mod text;

use std::fmt::{self, Write};

use super::findings::Shown;
use super::terminal::words;
use super::{Findings, guarded};
use crate::outcome::{CheckResult, Outcome, Report, Summary};
use text::{cell, code, code_cell, html, text};

/// The report as Markdown.
pub fn render(findings: &Findings<'_>) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = write(&findings.shown(), &mut out);
    guarded(&out, false).into_owned()
}

fn write(findings: &Shown<'_>, out: &mut String) -> fmt::Result {
    let Report { tool, target, seed, run_id, checks, stale, .. } = &findings.report;
    let verdict = words::verdict(&findings.report, findings.fail_on);
    writeln!(out, "## passrig: {}\n", text(&verdict))?;
    writeln!(
        out,
        "{} of {} (adapter {}, origin {}), {} {}, seed {}, run id {}.\n",
        words::checks(checks.len()),
        code(&target.url),
        code(&target.adapter),
        code(&target.origin),
        text(&tool.name),
        text(&tool.version),
        code(seed),
        code(run_id)
    )?;
    counts(&Summary::of(checks), out)?;

    let (counted, rest): (Vec<_>, Vec<_>) =
        findings.wrong().partition(|result| findings.fail_on.counts(result));
    let mut unexplained = counted;
    for diagnosis in &findings.report.diagnoses {
        let explained: Vec<_>;
        (explained, unexplained) =
            unexplained.into_iter().partition(|result| diagnosis.explains(result));
        let title = words::diagnosis(diagnosis, explained.len());
        match explained.as_slice() {
            [] => writeln!(out, "\n### {}", text(&title))?,
            explained => failures(findings, &title, explained, out)?,
        }
    }
    failures(findings, "Failed", &unexplained, out)?;
    let (known, rest): (Vec<_>, Vec<_>) =
        rest.into_iter().partition(|result| result.known.is_some());
    if !known.is_empty() {
        writeln!(out, "\n### Known before\n\n| | check | reason |\n|---|---|---|")?;
        for result in known {
            let reason = cell(result.known.as_deref().unwrap_or_default());
            writeln!(out, "| {} | {} | {reason} |", result.outcome, code_cell(&result.id))?;
        }
    }
    if !stale.is_empty() {
        writeln!(out, "\n### Expectations that are of no use\n")?;
        for stale in stale {
            let what = words::stale(stale.staleness);
            writeln!(out, "- {} {what} ({})", code(&stale.check), text(&stale.reason))?;
        }
    }
    if !rest.is_empty() {
        writeln!(out, "\n### Does not count\n")?;
        table(&rest, out)?;
    }
    Ok(())
}

fn failures(
    findings: &Shown<'_>,
    title: &str,
    results: &[&CheckResult],
    out: &mut String,
) -> fmt::Result {
    if results.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n### {}\n", text(title))?;
    table(results, out)?;
    results.iter().try_for_each(|result| details(findings, result, out))
}

fn counts(summary: &Summary, out: &mut String) -> fmt::Result {
    let shown: Vec<_> = Outcome::ALL.into_iter().filter(|o| summary.count(*o) > 0).collect();
    let row = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    if shown.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}", row(shown.iter().map(Outcome::to_string).collect()))?;
    writeln!(out, "{}", row(shown.iter().map(|_| "--:".to_owned()).collect()))?;
    writeln!(out, "{}", row(shown.iter().map(|o| summary.count(*o).to_string()).collect()))
}

fn table(results: &[&CheckResult], out: &mut String) -> fmt::Result {
    writeln!(out, "| | check | importance | clause | the target |\n|---|---|---|---|---|")?;
    for result in results {
        let CheckResult { outcome, id, importance, clause, .. } = result;
        let (id, clause, did) = (code_cell(id), cell(clause), cell(&words::did(result)));
        writeln!(out, "| {outcome} | {id} | {importance} | {clause} | {did} |")?;
    }
    Ok(())
}

fn details(findings: &Shown<'_>, result: &CheckResult, out: &mut String) -> fmt::Result {
    writeln!(out, "\n<details><summary><code>{}</code></summary>\n", html(&result.id))?;
    for line in findings.message(result).lines() {
        writeln!(out, "{}\n", text(line))?;
    }
    writeln!(out, "</details>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    #[test]
    fn every_outcome() {
        let (report, catalogue) = (samples::expected_report(), samples::catalogue());
        let replay = samples::replay();
        let findings = samples::findings(&report, &catalogue, &replay);
        insta::assert_snapshot!(render(&findings), @r"
        ## passrig: Not conformant: 1 check went wrong, the gravest of high importance; 1 more below what --fail-on counts; 1 known before; 4 could not be decided.

        10 checks of `http://localhost:3000/` (adapter `fido-conformance`, origin `https://login.passrig.test`), passrig 0.0.0, seed `5eed`, run id `c0ffee`.

        | pass | fail | warn | note | skipped | inconclusive | error |
        | --: | --: | --: | --: | --: | --: | --: |
        | 1 | 2 | 1 | 1 | 1 | 3 | 1 |

        ### Failed

        | | check | importance | clause | the target |
        |---|---|---|---|---|
        | fail | `registration.origin.port` | high | §7.1 step 9 | accepted it (ok); no probe saw the effect |
        | inconclusive | `registration.origin.subdomain` | high | §7.1 step 9 | gave no verdict: unrecognised: 418 with a body that has no \`status\`; add to the adapter, if that is a refusal: refused = \[{ status = \[418\] }\] |
        | inconclusive | `registration.origin.port` | high | §7.1 step 9 | gave no verdict: unrecognised: 418 with a body that has no \`status\`; add to the adapter, if that is a refusal: refused = \[{ status = \[418\] }\] |
        | inconclusive | `authentication.counter.same` | medium | §7.2 step 22 | gave no verdict: bracket |
        | error | `authentication.uv.absent` | medium | §7.2 step 17 | broke: the connection was closed before an answer came |

        <details><summary><code>registration.origin.port</code></summary>

        Sent: registration: client data whose origin has another port.

        The target accepted it (ok); no probe saw the effect.

        Demanded: §7.1 step 9 (REG-06): must be refused.

        Why: A page elsewhere may belong to someone else; accepting it lets that page enrol or use passkeys.

        Fix: Compare the whole origin with the list you serve; do not match parts of it.

        </details>

        <details><summary><code>registration.origin.subdomain</code></summary>

        Sent: registration: client data whose origin is a subdomain of the RP's, scheme and port kept.

        The target gave no verdict: unrecognised: 418 with a body that has no \`status\`; add to the adapter, if that is a refusal: refused = \[{ status = \[418\] }\].

        Demanded: §7.1 step 9 (REG-06): must be refused.

        Why: A page elsewhere may belong to someone else; accepting it lets that page enrol or use passkeys.

        Fix: Compare the whole origin with the list you serve; do not match parts of it.

        </details>

        <details><summary><code>registration.origin.port</code></summary>

        Sent: registration: client data whose origin has another port.

        The target gave no verdict: unrecognised: 418 with a body that has no \`status\`; add to the adapter, if that is a refusal: refused = \[{ status = \[418\] }\].

        Demanded: §7.1 step 9 (REG-06): must be refused.

        Why: A page elsewhere may belong to someone else; accepting it lets that page enrol or use passkeys.

        Fix: Compare the whole origin with the list you serve; do not match parts of it.

        </details>

        <details><summary><code>authentication.counter.same</code></summary>

        Sent: authentication: a signature counter that did not grow.

        The target gave no verdict: bracket.

        Demanded: §7.2 step 22 (AUT-20): the RP's choice; sound if refused.

        Why: It is a sign of a cloned key.

        Fix: Ask for another factor, or note the event.

        </details>

        <details><summary><code>authentication.uv.absent</code></summary>

        Sent: authentication: authenticator data with the UV flag clear although it was required.

        The target broke: the connection was closed before an answer came.

        Demanded: §7.2 step 17 (AUT-15): must be refused.

        Why: It is a sign of a cloned key.

        Fix: Ask for another factor, or note the event.

        </details>

        ### Known before

        | | check | reason |
        |---|---|---|
        | fail | `registration.origin.subdomain` | mended with the next release |

        ### Expectations that are of no use

        - `*.counter.*` is not needed any more (an old story)
        - `*.uv.*` has expired (an old story)

        ### Does not count

        | | check | importance | clause | the target |
        |---|---|---|---|---|
        | warn | `registration.client-data.member-order` | low | §5.8.1 | refused it (named-server-error); a probe found no new credential (refusal looks like a crash) |
        | note | `authentication.counter.same` | medium | §7.2 step 22 | accepted it (ok); a probe found the session signed in |
        ");
    }
    #[test]
    fn a_diagnosis_is_the_title_of_its_failures() {
        let (report, catalogue) = (samples::diagnosed_report(), samples::catalogue());
        let replay = samples::replay();
        let text = render(&samples::findings(&report, &catalogue, &replay));
        let titles: Vec<_> = text.lines().filter(|line| line.starts_with("### ")).collect();
        let cause =
            "### registration: the RP does not compare the origin: the likely cause of 2 checks";
        assert_eq!(titles, [cause, "### Failed", "### Does not count"]);
        let (_, explained) = text.split_once(cause).unwrap();
        let (explained, rest) = explained.split_once("### Failed").unwrap();
        for id in &report.diagnoses[0].checks {
            assert!(explained.contains(&format!("| fail | `{id}`")), "{explained}");
            assert!(!rest.contains(&format!("| fail | `{id}`")), "{rest}");
        }
    }
}
