//! A passkey in an RP's own test: five lines, no browser, no hardware.

use passrig_authenticator::Client;
use serde_json::json;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // What the server under test answers to its two options requests.
    let creation_options = json!({
        "rp": {"id": "example.org", "name": "Example"},
        "user": {"id": "MTIzNA", "name": "ada", "displayName": "Ada"},
        "challenge": "Y2hhbGxlbmdlIGZvciBhIHJlZ2lzdHJhdGlvbg",
        "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
        "authenticatorSelection": {"residentKey": "required"},
    });
    let request_options = json!({
        "rpId": "example.org",
        "challenge": "Y2hhbGxlbmdlIGZvciBhbiBhdXRoZW50aWNhdGlvbg",
    });

    let mut browser = Client::new("https://login.example.org")?;
    let registration = browser.create(&creation_options)?;
    println!("{registration:#}"); // hand it to the server's verification
    let authentication = browser.get(&request_options)?;
    println!("{authentication:#}");
    Ok(())
}
