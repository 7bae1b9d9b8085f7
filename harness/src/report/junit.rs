//! JUnit's XML, which every build server reads.
//!
//! A chapter is a suite, a check a case. What fails the run is a failure, or an
//! error if nothing could be decided; what was known before is skipped with its
//! reason; what does not count passes, with a remark in its output.

use std::io;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::findings::{Shown, by_chapter};
use super::{Findings, guarded};
use crate::outcome::{CheckResult, Outcome, Staleness};

/// The report as JUnit's XML.
pub fn render(findings: &Findings<'_>) -> io::Result<Vec<u8>> {
    let findings = &findings.shown();
    let chapters = by_chapter(&findings.report.checks, findings.catalogue).into_iter();
    let mut suites: Vec<TestSuite> = chapters
        .map(|(name, results)| {
            suite(name, results.into_iter().map(|(_, result)| case(findings, result)))
        })
        .collect();
    suites.extend(stale(findings));
    suites.extend(stopped(findings));
    let mut report = Report::new("passrig");
    report.add_test_suites(suites);
    let text = report.to_string().map_err(io::Error::other)?;
    // A space more between two marks of a command leaves XML well-formed.
    Ok(guarded(&text, false).into_owned().into_bytes())
}

fn suite(name: &str, cases: impl IntoIterator<Item = TestCase>) -> TestSuite {
    let mut suite = TestSuite::new(name);
    suite.add_test_cases(cases);
    suite
}

fn case(findings: &Shown<'_>, result: &CheckResult) -> TestCase {
    let mut status = status(findings, result);
    let message = match (&result.known, result.outcome) {
        (Some(known), outcome) => Some(format!("{outcome}, known before: {known}")),
        (None, Outcome::Pass) => None,
        (None, Outcome::Skipped) => result.reason_text(),
        (None, _) => Some(result.title.clone()),
    };
    if let Some(message) = message.filter(|_| !matches!(status, TestCaseStatus::Success { .. })) {
        status.set_message(message);
    }
    if let TestCaseStatus::NonSuccess { .. } = status {
        status.set_type(format!("{}, {}", result.level, result.importance));
        status.set_description(findings.message(result));
    }
    let counted = matches!(status, TestCaseStatus::Success { .. });
    let mut case = TestCase::new(result.id.as_str(), status);
    case.set_classname(format!("passrig.{}", result.variant));
    // Other reporters choke on what is no time.
    case.set_time(Duration::try_from_secs_f64(result.duration_ms / 1000.0).unwrap_or_default());
    if counted && result.outcome != Outcome::Pass {
        let text = format!("{}\n{}", result.outcome, findings.message(result));
        case.set_system_out(text);
    }
    case
}

fn status(findings: &Shown<'_>, result: &CheckResult) -> TestCaseStatus {
    if result.outcome == Outcome::Skipped || result.known.is_some() {
        return TestCaseStatus::skipped();
    }
    if !findings.fail_on.counts(result) {
        return TestCaseStatus::success();
    }
    TestCaseStatus::non_success(match result.outcome.is_decided() {
        true => NonSuccessKind::Failure,
        false => NonSuccessKind::Error,
    })
}

/// Expectations that are not needed fail the run as well.
fn stale(findings: &Shown<'_>) -> Option<TestSuite> {
    let mut suite = TestSuite::new("expectations");
    for stale in &findings.report.stale {
        let status = match stale.staleness {
            Staleness::Unneeded => {
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                status.set_message("expected to go wrong, and does not: remove the expectation");
                status
            }
            Staleness::Expired => {
                let mut status = TestCaseStatus::skipped();
                status.set_message("the expectation has expired, and does not count");
                status
            }
        };
        suite.add_test_case(TestCase::new(stale.check.as_str(), status));
    }
    (!suite.test_cases.is_empty()).then_some(suite)
}

/// A run that did not come to its end is not green.
fn stopped(findings: &Shown<'_>) -> Option<TestSuite> {
    let why = findings.report.stopped.as_ref()?;
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_message(format!("stopped before the end: {why}"));
    Some(suite("run", [TestCase::new("the whole run", status)]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    #[test]
    fn what_was_stopped_is_not_green() {
        let report = crate::outcome::Report {
            stopped: Some("nobody listens".to_owned()),
            checks: Vec::new(),
            ..samples::report()
        };
        let catalogue = samples::catalogue();
        let replay = samples::replay();
        let findings = samples::findings(&report, &catalogue, &replay);
        let text = String::from_utf8(render(&findings).unwrap()).unwrap();
        insta::assert_snapshot!(text, @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="passrig" tests="1" failures="0" errors="1">
            <testsuite name="run" tests="1" disabled="0" errors="1" failures="0">
                <testcase name="the whole run">
                    <error message="stopped before the end: nobody listens"/>
                </testcase>
            </testsuite>
        </testsuites>
        "#);
    }

    #[test]
    fn every_outcome() {
        let (report, catalogue) = (samples::expected_report(), samples::catalogue());
        let replay = samples::replay();
        let findings = samples::findings(&report, &catalogue, &replay);
        let text = String::from_utf8(render(&findings).unwrap()).unwrap();
        insta::assert_snapshot!(text, @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="passrig" tests="12" failures="2" errors="4">
            <testsuite name="client-data" tests="6" disabled="1" errors="2" failures="1">
                <testcase name="registration.origin.subdomain" classname="passrig.default" time="0.002">
                    <skipped message="fail, known before: mended with the next release"/>
                </testcase>
                <testcase name="registration.origin.port" classname="passrig.default" time="0.002">
                    <failure message="registration: client data whose origin has another port" type="must, high">Sent: registration: client data whose origin has another port.
        The target accepted it (ok); no probe saw the effect.
        Demanded: §7.1 step 9 (REG-06): must be refused.
        Why: A page elsewhere may belong to someone else; accepting it lets that page enrol or use passkeys.
        Fix: Compare the whole origin with the list you serve; do not match parts of it.</failure>
                </testcase>
                <testcase name="registration.origin.port" classname="passrig.user-verification=required" time="0.002">
                </testcase>
                <testcase name="registration.client-data.member-order" classname="passrig.default" time="0.002">
                    <system-out>warn
        Sent: registration: client data with their members in reverse order.
        The target refused it (named-server-error); a probe found no new credential (refusal looks like a crash).
        Demanded: §5.8.1: should be accepted.
        Why: Browsers may write the members in another order tomorrow.
        Fix: Parse the client data as JSON.</system-out>
                </testcase>
                <testcase name="registration.origin.subdomain" classname="passrig.default" time="0.002">
                    <error message="registration: client data whose origin is a subdomain of the RP&apos;s, scheme and port kept" type="must, high">Sent: registration: client data whose origin is a subdomain of the RP&apos;s, scheme and port kept.
        The target gave no verdict: unrecognised: 418 with a body that has no `status`; add to the adapter, if that is a refusal: refused = [{ status = [418] }].
        Demanded: §7.1 step 9 (REG-06): must be refused.
        Why: A page elsewhere may belong to someone else; accepting it lets that page enrol or use passkeys.
        Fix: Compare the whole origin with the list you serve; do not match parts of it.</error>
                </testcase>
                <testcase name="registration.origin.port" classname="passrig.default" time="0.002">
                    <error message="registration: client data whose origin has another port" type="must, high">Sent: registration: client data whose origin has another port.
        The target gave no verdict: unrecognised: 418 with a body that has no `status`; add to the adapter, if that is a refusal: refused = [{ status = [418] }].
        Demanded: §7.1 step 9 (REG-06): must be refused.
        Why: A page elsewhere may belong to someone else; accepting it lets that page enrol or use passkeys.
        Fix: Compare the whole origin with the list you serve; do not match parts of it.</error>
                </testcase>
            </testsuite>
            <testsuite name="authenticator-data" tests="4" disabled="1" errors="2" failures="0">
                <testcase name="authentication.counter.same" classname="passrig.default" time="0.002">
                    <system-out>note
        Sent: authentication: a signature counter that did not grow.
        The target accepted it (ok); a probe found the session signed in.
        Demanded: §7.2 step 22 (AUT-20): the RP&apos;s choice; sound if refused.
        Why: It is a sign of a cloned key.
        Fix: Ask for another factor, or note the event.</system-out>
                </testcase>
                <testcase name="authentication.uv.absent" classname="passrig.default" time="0.002">
                    <skipped message="setting: user-verification=required"/>
                </testcase>
                <testcase name="authentication.counter.same" classname="passrig.default" time="0.002">
                    <error message="authentication: a signature counter that did not grow" type="policy, medium">Sent: authentication: a signature counter that did not grow.
        The target gave no verdict: bracket.
        Demanded: §7.2 step 22 (AUT-20): the RP&apos;s choice; sound if refused.
        Why: It is a sign of a cloned key.
        Fix: Ask for another factor, or note the event.</error>
                </testcase>
                <testcase name="authentication.uv.absent" classname="passrig.default" time="0.002">
                    <error message="authentication: authenticator data with the UV flag clear although it was required" type="must, medium">Sent: authentication: authenticator data with the UV flag clear although it was required.
        The target broke: the connection was closed before an answer came.
        Demanded: §7.2 step 17 (AUT-15): must be refused.
        Why: It is a sign of a cloned key.
        Fix: Ask for another factor, or note the event.</error>
                </testcase>
            </testsuite>
            <testsuite name="expectations" tests="2" disabled="1" errors="0" failures="1">
                <testcase name="*.counter.*">
                    <failure message="expected to go wrong, and does not: remove the expectation"/>
                </testcase>
                <testcase name="*.uv.*">
                    <skipped message="the expectation has expired, and does not count"/>
                </testcase>
            </testsuite>
        </testsuites>
        "#);
    }
}
