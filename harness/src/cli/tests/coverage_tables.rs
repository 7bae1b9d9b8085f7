//! The text of `passrig coverage`.

use crate::catalogue::Catalogue;
use crate::catalogue::coverage::Coverage;
use crate::cli::coverage;
use crate::outcome::Paint;
use crate::samples;

#[test]
fn coverage_of_a_few_checks() {
    let catalogue = coverage_sample();
    let coverage = Coverage::of(&catalogue);
    let page = coverage::CoverageText { coverage: &coverage, paint: Paint::PLAIN };
    insta::assert_snapshot!(page.summary(), @r"
    5 checks

    Requirements                                        rows  covered  excused  open
      Registering a new credential (§7.1)                  6        1        0     5
      Signals to authenticators (§5.1.10)                  4        0        4     0
      all                                                 10        1        4     5

    FIDO's conformance tests                            rows  covered  excused  open
      registration: the options                            4        0        3     1
      all                                                  4        0        3     1

    Known flaws                                         rows  covered  excused  open
      Client data and scope                                2        1        0     1
      all                                                  2        1        0     1

    Clauses: 4 of 10 have a check
      §7.1: 1 of 6 steps, without 3, 5, 6, 7, 8
      §7.2: 2 of 2 steps

    Excused:
         2  honest-twins: an honest ceremony, as around each attempt
         4  client-only: only a browser could break or notice it
         1  tool-only: the tool demands what the specification does not

    Open, with neither check nor reason:
      REG-01
      REG-02
      REG-03
      REG-04
      REG-05
      Server-ServerPublicKeyCredentialCreationOptions-Req-1/P-3
      origin.foreign
    ");
    insta::assert_snapshot!(page.rows(), @r"
    REG: Registering a new credential (§7.1)
      REG-01  §7.1 step 3, must: the response is an attestation response
          open: neither check nor reason
      REG-02  §7.1 step 5, must: client data are decoded as UTF-8, without a byte
          order mark, and decoding never fails
          open: neither check nor reason
      REG-03  §7.1 step 6, must: client data parse as JSON
          open: neither check nor reason
      REG-04  §7.1 step 7, must: the type is exactly webauthn.create
          open: neither check nor reason
      REG-05  §7.1 step 8, must: the challenge is the base64url of the one that was
          issued
          open: neither check nor reason
      REG-06  §7.1 step 9, must: the origin is one that the RP expects
          registration.origin.subdomain
          registration.origin.port

    SIG: Signals to authenticators (§5.1.10)
      SIG-1  §5.1.10, should: strangers are told only about the one unknown
          credential
          client-only: RPs signal to browsers; what those do about it, no RP sees.
      SIG-2  §5.1.10, must: the list of accepted credentials is complete
          client-only: RPs signal to browsers; what those do about it, no RP sees.
      SIG-3  §5.1.10, should: a credential that is listed again reappears
          client-only: RPs signal to browsers; what those do about it, no RP sees.
      SIG-4  §5.1.10, should: new user details change names only
          client-only: RPs signal to browsers; what those do about it, no RP sees.

    Server-ServerPublicKeyCredentialCreationOptions-Req-1: registration: the options
      P-1  accepted: POST options request with username, displayName, attestation, a
          custom input extension named example.extension
          tool-only: The tool wants an unknown extension echoed in the options; the
            specification does not.
      P-2  accepted: options request with attestation none
          honest-twins: This is an honest ceremony; every run performs it before and
            after each attempt.
      P-3  accepted: two options requests
          open: neither check nor reason
      P-4  accepted: options request with authenticatorSelection.userVerification
          required
          honest-twins: This is an honest ceremony; every run performs it before and
            after each attempt.

    client-data: Client data and scope
      origin.foreign  the origin of another site is accepted (7 of 103 sites)
          open: neither check nor reason
      origin.subdomain  the origin of a subdomain is accepted (27 of 103 sites)
          registration.origin.subdomain

    §7.1 step 3: 0 checks
    §7.1 step 5: 0 checks
    §7.1 step 6: 0 checks
    §7.1 step 7: 0 checks
    §7.1 step 8: 0 checks
    §7.1 step 9: 2 checks
    §5.1.10: 0 checks
    §5.8.1: 1 check
    §7.2 step 22: 1 check
    §7.2 step 17: 1 check
    ");
    assert!(!coverage.is_complete());
}

/// The first rows of each kind.
fn coverage_sample() -> Catalogue {
    let mut catalogue = samples::catalogue();
    let index = &mut catalogue.index;
    index.requirements.retain(|group| ["REG", "SIG"].contains(&group.id.as_str()));
    index.requirements.iter_mut().for_each(|group| group.rows.truncate(6));
    index.fido.truncate(1);
    index.flaws.retain(|group| group.id == "client-data");
    index.flaws.iter_mut().for_each(|group| group.rows.truncate(2));
    catalogue
}

#[test]
fn coverage_fits_the_terminal() {
    let catalogue = Catalogue::builtin().unwrap();
    let coverage = Coverage::of(&catalogue);
    let page = coverage::CoverageText { coverage: &coverage, paint: Paint::PLAIN };
    for text in [page.summary(), page.rows()] {
        let long = text.lines().find(|line| textwrap::core::display_width(line) > 80);
        assert_eq!(long, None);
    }
}
