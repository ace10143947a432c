use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::ApiError;
use crate::{App, auth::LoggedIn, dialer::PagePhone};

/// Which phone the page uses.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Phone)]
pub(crate) struct PhoneBody {
    success: bool,
    #[serde(flatten)]
    phone: Phone,
}

#[derive(Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[schema(as = PhoneKind)]
enum Phone {
    /// The simulator's client, registered over this WebSocket.
    Simulator { signal: String },
    /// Twilio's Voice SDK, from there.
    Twilio { sdk: Sdk },
    /// There is none.
    None,
}

#[derive(Serialize, ToSchema)]
#[schema(as = VoiceSdk)]
struct Sdk {
    /// Relative to the page where it comes from this server.
    url: &'static str,
    /// What the browser is to hold the file to.
    #[schema(required)]
    integrity: Option<&'static str>,
}

/// `GET /api/phone`: which phone the page calls through.
///
/// # Errors
/// 401 without a login, 403 for a service.
#[utoipa::path(
    get,
    path = "/api/phone",
    tag = "users",
    responses(
        (status = 200, description = "The phone.", body = PhoneBody),
        (status = 403, description = "`not_a_user`"),
    ),
    security(("bearer" = [])),
)]
pub(crate) async fn phone(
    State(app): State<App>,
    LoggedIn(_): LoggedIn,
) -> Result<Json<PhoneBody>, ApiError> {
    let phone = match &app.dialer.phone {
        Some(PagePhone::Simulator { signal }) => Phone::Simulator {
            signal: signal.to_string(),
        },
        Some(PagePhone::Twilio(sdk)) => Phone::Twilio {
            sdk: Sdk {
                url: sdk.url(),
                integrity: sdk.integrity(),
            },
        },
        None => Phone::None,
    };
    Ok(Json(PhoneBody {
        success: true,
        phone,
    }))
}
