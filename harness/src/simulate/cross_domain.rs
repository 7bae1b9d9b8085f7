//! Other domains: the site's new one, and those of attackers.

use passrig_authenticator::Ceremony;
use passrig_authenticator::client::Origin;
use serde_json::json;
use url::Url;

use super::Simulation;
use super::person::{Person, bound_phone, browser, by};
use super::simulator::{Meanings, Simulator};
use crate::actor::{AttemptError, NotExpressible, Result};

const PHONE: &str = "her phone";

pub(super) const SIMULATION: Simulation = Simulation {
    name: "cross-domain",
    title: "The wrong domain",
    question: "What happens to passkeys when the site moves to another domain, or when somebody \
               sets up a page that looks like it?",
    participants: &[
        ("Ada", "has an account, and a passkey on her phone"),
        ("Mallory", "sets up pages, and hands on what the site and Ada's browser say"),
    ],
    acts: |sim| Box::pin(acts(sim)),
    has_second_factor: false,
};

async fn acts(sim: &mut Simulator<'_>) {
    sim.act(
        "The site moves",
        "The site gets a new domain. Passkeys are made for the old one: its RP ID is written into \
         each of them.",
    );
    let performed = moves(sim).await;
    sim.end(performed).await;

    sim.act(
        "A look-alike",
        "Mallory sets up pages whose address looks like the site's, begins a sign-in there as Ada, \
         and hands the site's challenge on to Ada's browser: a relay. With a password and a code \
         that Ada types this works. Each page is tried twice: in Ada's browser, and with one that \
         does what Mallory wants.",
    );
    let performed = look_alikes(sim).await;
    sim.end(performed).await;

    sim.act(
        "Relatives of the site's domain",
        "On hosts below the RP ID browsers do go on, since the passkey is meant for all of them. \
         Somebody may have a page there: a forgotten subdomain, a customer's, another port. Only \
         the site can tell, by the origin in the answer.",
    );
    let performed = relatives(sim).await;
    sim.end(performed).await;

    sim.act(
        "In a frame",
        "Mallory's page shows the site's own page in a frame, with a picture laid over it, so that \
         Ada clicks without knowing what on.",
    );
    let performed = framed(sim).await;
    sim.end(performed).await;

    sim.act(
        "Apps",
        "Native apps use passkeys too. Their origin is not a page's but the hash of the key that \
         signed them, or the app's name. The site must know its own apps, and no others.",
    );
    for (does, id) in [
        ("has an Android app that Ada installed, which asks for the passkey", "app"),
        ("has an iOS app that Ada installed, which asks for the passkey", "ios-app"),
        ("has a browser extension that Ada installed, which asks for the passkey", "extension"),
    ] {
        let means = Meanings {
            good: "The origin is none of the site's.",
            bad: "The site takes an answer from a program that it does not know.",
        };
        let id = format!("authentication.origin.{id}");
        sim.check(by("Mallory", does), &id, means).await;
    }
    sim.end(Ok(())).await;
}

async fn moves(sim: &mut Simulator<'_>) -> Result<()> {
    let mut ada = enrolled(sim).await?;
    let new_home = "https://login.new-home.example";
    let begun = ada.actor.begin(Ceremony::Authentication, &mut sim.log).await?;
    go_to(&mut ada, new_home)?;
    let action = ada.does("signs in on the new domain, with her old passkey").on(new_home);
    match Simulator::respond(&mut ada, &begun)? {
        Err(exception) => sim.browser_refuses(
            action,
            &exception,
            "The new page may not ask for passkeys of the old domain. If the site simply moves, \
             all its passkeys stay behind.",
        ),
        Ok(_) => return Err(NotExpressible::NotForeign(new_home).into()),
    }
    let mut renamed = begun.clone();
    if let Some(options) = renamed.options.as_object_mut() {
        options.insert("rpId".to_owned(), "login.new-home.example".into());
        options.remove("extensions");
    }
    let action = ada.does("is asked for a passkey of the new domain instead").on(new_home);
    match Simulator::respond(&mut ada, &renamed)? {
        Err(exception) => sim.browser_refuses(
            action,
            &exception,
            "She has none there yet. Everybody would have to make a new one, signed in some other \
             way.",
        ),
        Ok(_) => return Err(NotExpressible::NotForeign(new_home).into()),
    }
    sim.check(
        by("The site", "lists its other domains, and Ada signs in on the first of them"),
        "authentication.related-origin.listed",
        Meanings {
            good: "This is the remedy: related origins. The passkey stays bound to the old domain, \
                   which the site has to keep, and browsers that read the list let the new one use \
                   it.",
            bad: "Browsers would go on, and then the site refuses whom it listed itself.",
        },
    )
    .await;
    sim.check(
        by("Any browser", "reads the list without a cookie, before it goes on"),
        "authentication.related-origins.open",
        Meanings {
            good: "Everybody can read it, as browsers must.",
            bad: "Browsers ask without cookies, and do not get it.",
        },
    )
    .await;
    sim.check(
        by("Any browser", "counts the names in the list"),
        "authentication.related-origins.labels",
        Meanings {
            good: "Its limit is kept: browsers read five different names and may stop there. Older \
                   browsers know no such list at all, so a site does not move twice.",
            bad: "There are more names than browsers read. What comes last does not count.",
        },
    )
    .await;
    Ok(())
}

async fn look_alikes(sim: &mut Simulator<'_>) -> Result<()> {
    let mut ada = enrolled(sim).await?;
    for (what, id) in [
        ("a page of a stranger", "foreign"),
        ("a host that begins with the site's", "host-as-prefix"),
        ("a domain that ends with the site's, without a dot", "host-as-suffix"),
        ("a host in which one letter is Cyrillic", "homograph"),
    ] {
        let Some(page) = page(sim, &ada, id) else { continue };
        phished(sim, &mut ada, &page, what).await?;
        let id = format!("authentication.origin.{id}");
        hostile(sim, &mut ada, &page, &id).await?;
    }
    let own = "https://phishing.example";
    let mut begun = ada.actor.begin(Ceremony::Authentication, &mut sim.log).await?;
    if let Some(options) = begun.options.as_object_mut() {
        options.insert("rpId".to_owned(), "phishing.example".into());
        options.remove("extensions");
    }
    go_to(&mut ada, own)?;
    let action = ada.does("is asked by Mallory's page for a passkey of the page's own").on(own);
    match Simulator::respond(&mut ada, &begun)? {
        Err(exception) => sim.browser_refuses(
            action,
            &exception,
            "Ada has no passkey there. Nothing is offered, however well the page is made.",
        ),
        Ok(_) => return Err(NotExpressible::NotForeign(own).into()),
    }
    Ok(())
}

/// Ada's own browser on Mallory's page, with the site's challenge.
async fn phished(sim: &mut Simulator<'_>, ada: &mut Person, page: &str, what: &str) -> Result<()> {
    ada.actor.change_browser();
    let begun = ada.actor.begin(Ceremony::Authentication, &mut sim.log).await?;
    let home = sim.origin().to_owned();
    go_to(ada, page)?;
    let action =
        ada.does(format!("is lured to {what}, which relays the site's challenge")).on(page);
    let response = Simulator::respond(ada, &begun)?;
    go_to(ada, &home)?;
    match response {
        Err(exception) => {
            let means = "Her browser compares the RP ID with the page's address, and stops. Ada \
                         cannot even be talked into it.";
            sim.browser_refuses(action, &exception, means);
        }
        Ok(message) => {
            let sent = sim.send(ada, &begun, &message).await;
            let means = Meanings {
                good: "The browser went on, and the site looked at the origin.",
                bad: "Mallory is signed in as Ada.",
            };
            sim.judged(action, "authentication.origin.foreign", sent, means);
        }
    }
    Ok(())
}

/// Ada's ceremony on Mallory's page, in a browser that obeys Mallory.
async fn hostile(sim: &mut Simulator<'_>, ada: &mut Person, page: &str, id: &str) -> Result<()> {
    ada.actor.change_browser();
    let edits = json!([{ "at": "client_data.origin", "set": page }]);
    let seen = sim.deviates(ada, Ceremony::Authentication, edits).await;
    let action = ada
        .does("has a browser that does what Mallory wants, and signs; only the origin is true")
        .on(page);
    let means = Meanings {
        good: "The site compares the origin with its own. It does not have to trust browsers.",
        bad: "The site relies on browsers alone. One that is old, broken or infected, and the \
              relay works.",
    };
    sim.judged(action, id, seen, means);
    Ok(())
}

async fn relatives(sim: &mut Simulator<'_>) -> Result<()> {
    let mut ada = enrolled(sim).await?;
    for (what, id) in [
        ("a subdomain of the site's host", "subdomain"),
        ("another host below the same RP ID", "sibling"),
        ("the RP ID itself", "parent"),
        ("another port of the site's host", "port"),
    ] {
        let check = format!("authentication.origin.{id}");
        let Some(page) = relative(sim, &ada, id) else {
            let action = ada.does(format!("visits {what}"));
            sim.skipped(action, "The site's address has no such relative.");
            continue;
        };
        ada.actor.change_browser();
        let begun = ada.actor.begin(Ceremony::Authentication, &mut sim.log).await?;
        let home = sim.origin().to_owned();
        go_to(&mut ada, &page)?;
        let response = Simulator::respond(&mut ada, &begun);
        go_to(&mut ada, &home)?;
        let action = ada
            .does(format!("visits {what}, where Mallory's page relays the site's challenge"))
            .on(&page);
        match response? {
            Ok(message) => {
                let sent = sim.send(&mut ada, &begun, &message).await;
                let means = Meanings {
                    good: "Her browser goes on: the RP ID fits. The site is the only one who can \
                           tell, and does.",
                    bad: "Her browser goes on: the RP ID fits. The site does not look at the whole \
                          origin, so Mallory is in.",
                };
                sim.judged(action, &check, sent, means);
            }
            Err(exception) => {
                let means = "Here even the browser stops.";
                sim.browser_refuses(action, &exception, means);
                hostile(sim, &mut ada, &page, &check).await?;
            }
        }
    }
    let insecure = sim.origin().replacen("https://", "http://", 1);
    if insecure != sim.origin() {
        sim.passed(
            ada.does(
                "visits the site over a wireless network that is not to be trusted, without \
                      encryption",
            )
            .on(&insecure),
            browser_without_webauthn(),
            "Browsers know no passkeys on pages that came unencrypted.",
        );
        hostile(sim, &mut ada, &insecure, "authentication.origin.http").await?;
    }
    Ok(())
}

fn browser_without_webauthn() -> super::document::StepAnswer {
    super::document::StepAnswer {
        by: "browser".to_owned(),
        says: "has no PublicKeyCredential here".to_owned(),
    }
}

async fn framed(sim: &mut Simulator<'_>) -> Result<()> {
    let mut ada = enrolled(sim).await?;
    let begun = ada.actor.begin(Ceremony::Authentication, &mut sim.log).await?;
    ada.actor.client.top_origin = Origin::parse("https://phishing.example").ok();
    let response = Simulator::respond(&mut ada, &begun);
    ada.actor.client.top_origin = None;
    let page = format!("{} in a frame of https://phishing.example", sim.origin());
    let action = ada.does("clicks, unlocks the phone, and has signed in").on(page);
    match response? {
        Err(exception) => sim.note(action, browser(&exception), "Her browser does not go on."),
        Ok(message) => {
            let sent = sim.send(&mut ada, &begun, &message).await;
            let means = Meanings {
                good: "The answer says that the page was framed, and by whom. The site is never \
                       framed, and refuses.",
                bad: "The answer says that the page was framed, and by whom. The site does not \
                      look. It may forbid frames by headers instead (`frame-ancestors`): that \
                      keeps honest browsers from getting here.",
            };
            let id = "authentication.framing.framed";
            sim.judged(action, id, sent, means);
        }
    }
    Ok(())
}

async fn enrolled(sim: &mut Simulator<'_>) -> Result<Person> {
    let does = "signs up, and makes a passkey";
    let means = "The phone writes the site's RP ID into the passkey.";
    let mut ada = sim.enrolled(PHONE, bound_phone(), does, means).await?;
    ada.actor.change_browser();
    Ok(ada)
}

fn go_to(ada: &mut Person, page: &str) -> Result<()> {
    let bug = |error| AttemptError::Bug(format!("the origin `{page}` cannot be read: {error}"));
    ada.actor.client.origin = Origin::parse(page).map_err(bug)?;
    Ok(())
}

/// A page that looks like the site's.
fn page(sim: &Simulator<'_>, ada: &Person, kind: &str) -> Option<String> {
    let url = Url::parse(sim.origin()).ok()?;
    let host = url.host_str()?.to_owned();
    let with_host = |host: &str| changed(&url, |url| url.set_host(Some(host)).ok());
    match kind {
        "foreign" => Some("https://phishing.example".to_owned()),
        "host-as-prefix" => with_host(&format!("{host}.phishing.example")),
        "host-as-suffix" => with_host(&format!("not{}", ada.actor.known.rp_id.as_ref()?)),
        "homograph" => {
            let pairs = [('a', 'а'), ('o', 'о'), ('e', 'е'), ('p', 'р'), ('c', 'с')];
            let (latin, cyrillic) = pairs.into_iter().find(|(latin, _)| host.contains(*latin))?;
            with_host(&host.replacen(latin, &cyrillic.to_string(), 1))
        }
        _ => None,
    }
}

/// A page that is related to the site's.
fn relative(sim: &Simulator<'_>, ada: &Person, kind: &str) -> Option<String> {
    let url = Url::parse(sim.origin()).ok()?;
    let host = url.host_str()?.to_owned();
    let rp_id = ada.actor.known.rp_id.clone()?;
    let with_host = |host: &str| changed(&url, |url| url.set_host(Some(host)).ok());
    match kind {
        "subdomain" => with_host(&format!("forgotten.{host}")),
        "sibling" if rp_id != host => with_host(&format!("forum.{rp_id}")),
        "parent" if rp_id != host => with_host(&rp_id),
        "port" => changed(&url, |url| url.set_port(Some(8443)).ok()),
        _ => None,
    }
}

fn changed(url: &Url, change: impl FnOnce(&mut Url) -> Option<()>) -> Option<String> {
    let mut url = url.clone();
    change(&mut url)?;
    if Origin::parse(&url.origin().ascii_serialization()).is_err() {
        // For other machines, browsers demand encryption.
        url.set_scheme("https").ok()?;
    }
    Some(url.origin().ascii_serialization())
}
