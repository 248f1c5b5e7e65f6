//! This file knows Meta's errors: code, HTTP status, title and details, and makes their bodies.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::super::provider::Provider;

/// Code, status, title, details.
type Row = (u32, u16, &'static str, &'static str);

/// What the Cloud API answers to sends, and reports of them later.
const ROWS: [Row; 56] = [
    (0, 401, "AuthException", "We were unable to authenticate the app user."),
    (1, 400, "API Unknown", "Invalid request or possible server error."),
    (2, 503, "API Service", "Temporary due to downtime or due to being overloaded."),
    (3, 500, "API Method", "Capability or permissions issue."),
    (4, 400, "API Too Many Calls", "The app has reached its API call rate limit."),
    (10, 403, "Permission Denied", "Permission is either not granted or has been removed."),
    (33, 400, "Parameter value is not valid", "The business phone number has been deleted."),
    (100, 400, "Invalid parameter", "The request included one or more unsupported or misspelled parameters."),
    (190, 401, "Access token has expired", "Your access token has expired."),
    (200, 403, "API Permission", "Permission is either not granted or has been removed."),
    (
        368,
        403,
        "Temporarily blocked for policies violations",
        "The account has been restricted or disabled for violating a platform policy.",
    ),
    (80007, 400, "Rate limit issues", "The WhatsApp Business Account has reached its rate limit."),
    (130_403, 400, "User blocked", "The business has blocked this user."),
    (130_429, 400, "Rate limit hit", "Cloud API message throughput has been reached."),
    (130_472, 400, "User's number is part of an experiment", "Message was not sent as part of an experiment."),
    (
        130_497,
        403,
        "Business account is restricted from messaging users in this country.",
        "The account may not message users in this country.",
    ),
    (131_000, 500, "Something went wrong", "Message failed to send due to an unknown error."),
    (131_005, 403, "Access denied", "Permission is either not granted or has been removed."),
    (131_008, 400, "Required parameter is missing", "The request is missing a required parameter."),
    (131_009, 400, "Parameter value is not valid", "One or more parameter values are invalid."),
    (131_016, 503, "Service unavailable", "A service is temporarily unavailable."),
    (131_021, 400, "Recipient cannot be sender", "Sender and recipient phone number is the same."),
    (131_026, 400, "Message undeliverable", "Unable to deliver message."),
    (131_031, 403, "Account has been locked", "The account was restricted or disabled for violating a platform policy."),
    (131_037, 400, "Display name approval needed", "The number's display name has to be approved before messages can be sent."),
    (131_042, 400, "Business eligibility payment issue", "There was an error related to your payment method."),
    (131_045, 500, "Incorrect certificate", "Message failed to send due to a phone number registration error."),
    (131_047, 400, "Re-engagement message", "More than 24 hours have passed since the recipient last replied to the sender number."),
    (131_048, 400, "Spam rate limit hit", "There are restrictions on how many messages can be sent from this phone number."),
    (131_049, 400, "Meta chose not to deliver", "This message was not delivered to maintain healthy ecosystem engagement."),
    (131_050, 400, "User has stopped marketing messages", "The recipient has chosen to stop receiving marketing messages."),
    (131_051, 400, "Unsupported message type", "Unsupported message type."),
    (131_052, 400, "Media download error", "Unable to download the media sent by the user."),
    (131_053, 400, "Media upload error", "Unable to upload the media used in the message."),
    (131_055, 400, "Method not allowed", "This method is not allowed for the number."),
    (
        131_056,
        400,
        "(Business Account, Consumer Account) pair rate limit hit",
        "Too many messages to the same recipient in a short period of time.",
    ),
    (131_057, 500, "Account in maintenance mode", "The account is in maintenance mode."),
    (131_063, 400, "Marketing templates disabled", "Marketing templates can't be sent over this API."),
    (131_064, 400, "Account limited", "The account is limited for misclassified templates."),
    (
        132_000,
        400,
        "Number of parameters does not match the expected number of params",
        "The number of parameters differs from the template's.",
    ),
    (132_001, 404, "Template name does not exist in the translation", "The template does not exist in that language or is not approved."),
    (132_005, 400, "Translated text too long", "Translated text is too long."),
    (132_007, 400, "Template format character policy violated", "Template content violates a policy."),
    (132_012, 400, "Parameter format does not match format in the created template", "Variable parameters are formatted incorrectly."),
    (132_015, 400, "Template is paused", "Template is paused due to low quality."),
    (132_016, 400, "Template is disabled", "Template has been paused too many times and is permanently disabled."),
    (132_018, 400, "Template parameters are invalid", "The parameters don't fit the template."),
    (132_068, 400, "Flow is blocked", "Flow is in blocked state."),
    (132_069, 400, "Flow is throttled", "Flow is in throttled state."),
    (133_000, 500, "Incomplete deregistration", "A previous deregistration attempt failed."),
    (133_004, 503, "Server temporarily unavailable", "Server is temporarily unavailable."),
    (133_010, 400, "Phone number not registered", "Phone number not registered on the WhatsApp Business Platform."),
    (134_100, 400, "Invalid message for this API", "Only marketing messages can be sent over this API."),
    (134_101, 400, "Template is being synchronised", "The template is not yet ready; try again in a while."),
    (134_102, 400, "Template can't be used", "The template can't be used."),
    (135_000, 400, "Generic user error", "Message failed to send because of an unknown error with your request parameters."),
];

/// Whether sends are ever answered with this code.
pub(in crate::sandbox) fn is_known(code: u32) -> bool {
    ROWS.iter().any(|row| row.0 == code)
}

/// Code, HTTP status and title of each.
pub(in crate::sandbox) fn all() -> impl Iterator<Item = (u32, u16, &'static str)> {
    ROWS.iter().map(|row| (row.0, row.1, row.2))
}

fn row(code: u32) -> Row {
    let unknown = (code, 400, "Something went wrong", "Message failed to send due to an unknown error.");
    ROWS.iter().copied().find(|row| row.0 == code).unwrap_or(unknown)
}

/// The HTTP status that comes with a code.
pub(super) fn status(code: u32) -> u16 {
    row(code).1
}

/// The error itself, as Graph wraps it and Evolution's channel passes it on.
pub(in crate::sandbox) fn body(provider: &Provider, code: u32) -> Value {
    body_with(provider, code, None)
}

/// The same, with details of this very request.
pub(super) fn body_with(provider: &Provider, code: u32, details: Option<&str>) -> Value {
    let (_, _, title, usual) = row(code);
    json!({
        "message": format!("(#{code}) {title}"),
        "type": "OAuthException",
        "code": code,
        "error_data": { "messaging_product": "whatsapp", "details": details.unwrap_or(usual) },
        "fbtrace_id": trace_id(provider),
    })
}

/// The error as a status webhook reports it.
pub(in crate::sandbox) fn report(code: u32) -> Value {
    let (_, _, title, details) = row(code);
    json!({
        "code": code,
        "title": title,
        "message": title,
        "error_data": { "details": details },
        "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
    })
}

/// What Meta's support wants to know: `A` and 22 characters.
pub(super) fn trace_id(provider: &Provider) -> String {
    let bytes = [provider.unique().to_be_bytes(), provider.unique().to_be_bytes()].concat();
    format!("A{}", URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_stands_once_and_in_order() {
        assert!(ROWS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(ROWS.iter().all(|row| (400..600).contains(&row.1)));
    }
}
