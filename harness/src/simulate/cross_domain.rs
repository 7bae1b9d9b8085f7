//! Other domains: the site's new one, and those of people who want its passkeys.

use passrig_authenticator::Ceremony;
use passrig_authenticator::client::Origin;
use serde_json::json;
use url::Url;

use super::Simulation;
use super::cast::{Person, bound_phone, browser, says};
use super::play::{Means, Play};
use crate::actor::AttemptError;
use crate::scenarios::Observations;

const PHONE: &str = "her phone";

pub(super) const SIMULATION: Simulation = Simulation {
    name: "cross-domain",
    title: "The wrong domain",
    question: "What happens to passkeys when the site moves to another domain, or when somebody \
               sets up a page that looks like it?",
    cast: &[
        ("Ada", "has an account, and a passkey on her phone"),
        ("Mallory", "sets up pages, and hands on what the site and Ada's browser say"),
    ],
    acts: |play| Box::pin(acts(play)),
    asks_a_second_factor: false,
};

async fn acts(play: &mut Play<'_>) {
    play.act(
        "The site moves",
        "The site gets a new domain. Passkeys are made for the old one: its RP ID is written into \
         each of them.",
    );
    let played = moves(play).await;
    play.end(played).await;

    play.act(
        "A look-alike",
        "Mallory sets up pages whose address looks like the site's, begins a sign-in there as Ada, \
         and hands the site's challenge on to Ada's browser: a relay. With a password and a code \
         that Ada types this works. Each page is tried twice: in Ada's browser, and with one that \
         does what Mallory wants.",
    );
    let played = look_alikes(play).await;
    play.end(played).await;

    play.act(
        "Relatives of the site's domain",
        "On hosts below the RP ID browsers do go on, since the passkey is meant for all of them. \
         Somebody may have a page there: a forgotten subdomain, a customer's, another port. Only \
         the site can tell, by the origin in the answer.",
    );
    let played = relatives(play).await;
    play.end(played).await;

    play.act(
        "In a frame",
        "Mallory's page shows the site's own page in a frame, with a picture laid over it, so that \
         Ada clicks without knowing what on.",
    );
    let played = framed(play).await;
    play.end(played).await;

    play.act(
        "Apps",
        "Native apps use passkeys too. Their origin is not a page's but the hash of the key that \
         signed them, or the app's name. The site must know its own apps, and no others.",
    );
    for (does, id) in [
        ("has an Android app that Ada installed, which asks for the passkey", "app"),
        ("has an iOS app that Ada installed, which asks for the passkey", "ios-app"),
        ("has a browser extension that Ada installed, which asks for the passkey", "extension"),
    ] {
        let means = Means {
            good: "The origin is none of the site's.",
            bad: "The site takes an answer from a program that it does not know.",
        };
        let id = format!("authentication.origin.{id}");
        play.check(says("Mallory", does), &id, means).await;
    }
    play.end(Ok(())).await;
}

async fn moves(play: &mut Play<'_>) -> Result<(), AttemptError> {
    let mut ada = enrolled(play).await?;
    let new_home = "https://login.new-home.example";
    let begun = ada.actor.begin(Ceremony::Authentication, &mut play.log).await?;
    go_to(&mut ada, new_home)?;
    let line = ada.does("signs in on the new domain, with her old passkey").on(new_home);
    match Play::respond(&mut ada, &begun)? {
        Err(exception) => play.browser_refuses(
            line,
            &exception,
            "The new page may not ask for passkeys of the old domain. If the site simply moves, \
             all its passkeys stay behind.",
        ),
        Ok(_) => return Err(AttemptError::NotExpressible),
    }
    let mut renamed = begun.clone();
    if let Some(options) = renamed.options.as_object_mut() {
        options.insert("rpId".to_owned(), "login.new-home.example".into());
        options.remove("extensions");
    }
    let line = ada.does("is asked for a passkey of the new domain instead").on(new_home);
    match Play::respond(&mut ada, &renamed)? {
        Err(exception) => play.browser_refuses(
            line,
            &exception,
            "She has none there yet. Everybody would have to make a new one, signed in some other \
             way.",
        ),
        Ok(_) => return Err(AttemptError::NotExpressible),
    }
    play.check(
        says("The site", "lists its other domains, and Ada signs in on the first of them"),
        "authentication.related-origin.listed",
        Means {
            good: "This is the remedy: related origins. The passkey stays bound to the old domain, \
                   which the site has to keep, and browsers that read the list let the new one use \
                   it.",
            bad: "Browsers would go on, and then the site refuses whom it listed itself.",
        },
    )
    .await;
    play.check(
        says("Any browser", "reads the list without a cookie, before it goes on"),
        "authentication.related-origins.open",
        Means {
            good: "Everybody can read it, as browsers must.",
            bad: "Browsers ask without cookies, and do not get it.",
        },
    )
    .await;
    play.check(
        says("Any browser", "counts the names in the list"),
        "authentication.related-origins.labels",
        Means {
            good: "Its limit is kept: browsers read five different names and may stop there. Older \
                   browsers know no such list at all, so a site does not move twice.",
            bad: "There are more names than browsers read. What comes last does not count.",
        },
    )
    .await;
    Ok(())
}

async fn look_alikes(play: &mut Play<'_>) -> Result<(), AttemptError> {
    let mut ada = enrolled(play).await?;
    for (what, id) in [
        ("a page of a stranger", "foreign"),
        ("a host that begins with the site's", "host-as-prefix"),
        ("a domain that ends with the site's, without a dot", "host-as-suffix"),
        ("a host in which one letter is Cyrillic", "homograph"),
    ] {
        let Some(page) = page(play, &ada, id) else { continue };
        phished(play, &mut ada, &page, what).await?;
        let id = format!("authentication.origin.{id}");
        hostile(play, &mut ada, &page, &id).await?;
    }
    let own = "https://phishing.example";
    let mut begun = ada.actor.begin(Ceremony::Authentication, &mut play.log).await?;
    if let Some(options) = begun.options.as_object_mut() {
        options.insert("rpId".to_owned(), "phishing.example".into());
        options.remove("extensions");
    }
    go_to(&mut ada, own)?;
    let line = ada.does("is asked by Mallory's page for a passkey of the page's own").on(own);
    match Play::respond(&mut ada, &begun)? {
        Err(exception) => play.browser_refuses(
            line,
            &exception,
            "Ada has no passkey there. Nothing is offered, however well the page is made.",
        ),
        Ok(_) => return Err(AttemptError::NotExpressible),
    }
    Ok(())
}

/// Ada's own browser on Mallory's page, with the site's challenge.
async fn phished(
    play: &mut Play<'_>,
    ada: &mut Person,
    page: &str,
    what: &str,
) -> Result<(), AttemptError> {
    ada.actor.change_browser();
    let begun = ada.actor.begin(Ceremony::Authentication, &mut play.log).await?;
    let home = play.origin().to_owned();
    go_to(ada, page)?;
    let line = ada.does(format!("is lured to {what}, which relays the site's challenge")).on(page);
    let response = Play::respond(ada, &begun)?;
    go_to(ada, &home)?;
    match response {
        Err(exception) => {
            let means = "Her browser compares the RP ID with the page's address, and stops. Ada \
                         cannot even be talked into it.";
            play.browser_refuses(line, &exception, means);
        }
        Ok(message) => {
            let sent = play.send(ada, &begun, &message).await;
            let means = Means {
                good: "The browser went on, and the site looked at the origin.",
                bad: "Mallory is signed in as Ada.",
            };
            play.judged(line, "authentication.origin.foreign", sent.map(Observations::of), means);
        }
    }
    Ok(())
}

/// The same with a browser that does what Mallory wants.
async fn hostile(
    play: &mut Play<'_>,
    ada: &mut Person,
    page: &str,
    id: &str,
) -> Result<(), AttemptError> {
    ada.actor.change_browser();
    let edits = json!([{ "at": "client_data.origin", "set": page }]);
    let seen = play.deviates(ada, Ceremony::Authentication, edits).await;
    let line = ada
        .does("has a browser that does what Mallory wants, and signs; only the origin is true")
        .on(page);
    let means = Means {
        good: "The site compares the origin with its own. It does not have to trust browsers.",
        bad: "The site relies on browsers alone. One that is old, broken or infected, and the \
              relay works.",
    };
    play.judged(line, id, seen.map(Observations::of), means);
    Ok(())
}

async fn relatives(play: &mut Play<'_>) -> Result<(), AttemptError> {
    let mut ada = enrolled(play).await?;
    for (what, id) in [
        ("a subdomain of the site's host", "subdomain"),
        ("another host below the same RP ID", "sibling"),
        ("the RP ID itself", "parent"),
        ("another port of the site's host", "port"),
    ] {
        let check = format!("authentication.origin.{id}");
        let Some(page) = relative(play, &ada, id) else {
            let line = ada.does(format!("visits {what}"));
            play.left(line, "The site's address has no such relative.");
            continue;
        };
        ada.actor.change_browser();
        let begun = ada.actor.begin(Ceremony::Authentication, &mut play.log).await?;
        let home = play.origin().to_owned();
        go_to(&mut ada, &page)?;
        let response = Play::respond(&mut ada, &begun);
        go_to(&mut ada, &home)?;
        let line = ada
            .does(format!("visits {what}, where Mallory's page relays the site's challenge"))
            .on(&page);
        match response? {
            Ok(message) => {
                let sent = play.send(&mut ada, &begun, &message).await;
                let means = Means {
                    good: "Her browser goes on: the RP ID fits. The site is the only one who can \
                           tell, and does.",
                    bad: "Her browser goes on: the RP ID fits. The site does not look at the whole \
                          origin, so Mallory is in.",
                };
                play.judged(line, &check, sent.map(Observations::of), means);
            }
            Err(exception) => {
                let means = "Here even the browser stops.";
                play.browser_refuses(line, &exception, means);
                hostile(play, &mut ada, &page, &check).await?;
            }
        }
    }
    let insecure = play.origin().replacen("https://", "http://", 1);
    if insecure != play.origin() {
        play.good(
            ada.does(
                "visits the site over a wireless network that is not to be trusted, without \
                      encryption",
            )
            .on(&insecure),
            browser_without_webauthn(),
            "Browsers know no passkeys on pages that came unencrypted.",
        );
        hostile(play, &mut ada, &insecure, "authentication.origin.http").await?;
    }
    Ok(())
}

fn browser_without_webauthn() -> super::story::Answer {
    super::story::Answer {
        by: "browser".to_owned(),
        says: "has no PublicKeyCredential here".to_owned(),
    }
}

async fn framed(play: &mut Play<'_>) -> Result<(), AttemptError> {
    let mut ada = enrolled(play).await?;
    let begun = ada.actor.begin(Ceremony::Authentication, &mut play.log).await?;
    ada.actor.client.top_origin = Origin::parse("https://phishing.example").ok();
    let response = Play::respond(&mut ada, &begun);
    ada.actor.client.top_origin = None;
    let page = format!("{} in a frame of https://phishing.example", play.origin());
    let line = ada.does("clicks, unlocks the phone, and has signed in").on(page);
    match response? {
        Err(exception) => play.tell(line, browser(&exception), "Her browser does not go on."),
        Ok(message) => {
            let sent = play.send(&mut ada, &begun, &message).await;
            let means = Means {
                good: "The answer says that the page was framed, and by whom. The site is never \
                       framed, and refuses.",
                bad: "The answer says that the page was framed, and by whom. The site does not \
                      look. It may forbid frames by headers instead (`frame-ancestors`): that \
                      keeps honest browsers from getting here.",
            };
            let id = "authentication.framing.framed";
            play.judged(line, id, sent.map(Observations::of), means);
        }
    }
    Ok(())
}

async fn enrolled(play: &mut Play<'_>) -> Result<Person, AttemptError> {
    let does = "signs up, and makes a passkey";
    let means = "The phone writes the site's RP ID into the passkey.";
    let mut ada = play.enrolled(PHONE, bound_phone(), does, means).await?;
    ada.actor.change_browser();
    Ok(ada)
}

fn go_to(ada: &mut Person, page: &str) -> Result<(), AttemptError> {
    ada.actor.client.origin = Origin::parse(page).map_err(|_| AttemptError::NotExpressible)?;
    Ok(())
}

/// A page that looks like the site's.
fn page(play: &Play<'_>, ada: &Person, kind: &str) -> Option<String> {
    let url = Url::parse(play.origin()).ok()?;
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
fn relative(play: &Play<'_>, ada: &Person, kind: &str) -> Option<String> {
    let url = Url::parse(play.origin()).ok()?;
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
        // Beyond this machine browsers want encryption.
        url.set_scheme("https").ok()?;
    }
    Some(url.origin().ascii_serialization())
}
