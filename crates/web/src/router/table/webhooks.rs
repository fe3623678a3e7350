//! Webhooks.

use axum::http::Method;
use axum::routing::{delete, get, patch, post};
use model::Role::Admin;

use super::{ApiRoute, UiRoute, route, screen};
use crate::{api, ui};
use app::PageQuery;
use app::webhook::{DeliveryView, NewWebhookView, RotateInput, WebhookInput, WebhookPatch, WebhookSecretView, WebhookView};

pub(super) fn api() -> Vec<ApiRoute> {
    vec![
        route(Method::GET, "/webhooks", Admin, "List webhooks", get(api::webhook::list)).pages::<WebhookView>(),
        route(Method::POST, "/webhooks", Admin, "Set a webhook up", post(api::webhook::create))
            .body::<WebhookInput>()
            .answers::<NewWebhookView>(),
        route(Method::GET, "/webhooks/{id}", Admin, "Show a webhook", get(api::webhook::show)).answers::<WebhookView>(),
        route(Method::PATCH, "/webhooks/{id}", Admin, "Change a webhook, pause it or let it go on", patch(api::webhook::update))
            .body::<WebhookPatch>()
            .answers::<WebhookView>(),
        route(Method::DELETE, "/webhooks/{id}", Admin, "Delete a webhook", delete(api::webhook::delete)).answers::<WebhookView>(),
        route(Method::POST, "/webhooks/{id}/rotate", Admin, "Give a webhook another secret", post(api::webhook::rotate))
            .body::<RotateInput>()
            .answers::<WebhookSecretView>(),
        route(Method::POST, "/webhooks/{id}/test", Admin, "Send a webhook a test", post(api::webhook::test)).answers::<DeliveryView>(),
        route(Method::GET, "/webhooks/{id}/deliveries", Admin, "List what a webhook was sent", get(api::webhook::deliveries))
            .query::<PageQuery>()
            .pages::<DeliveryView>(),
        route(
            Method::POST,
            "/webhooks/{id}/deliveries/{message}/resend",
            Admin,
            "Send a message to a webhook again",
            post(api::webhook::resend),
        )
        .answers::<DeliveryView>(),
    ]
}

pub(super) fn ui() -> Vec<UiRoute> {
    vec![
        screen(Method::GET, "/settings/webhooks", Admin, get(ui::settings::webhooks::list)),
        screen(Method::GET, "/settings/webhooks/new", Admin, get(ui::settings::webhooks::new_page)),
        screen(Method::POST, "/settings/webhooks/new", Admin, post(ui::settings::webhooks::create)),
        screen(Method::GET, "/settings/webhooks/{id}", Admin, get(ui::settings::webhooks::show)),
        screen(Method::POST, "/settings/webhooks/{id}", Admin, post(ui::settings::webhooks::save)),
        screen(Method::POST, "/settings/webhooks/{id}/pause", Admin, post(ui::settings::webhooks::pause)),
        screen(Method::POST, "/settings/webhooks/{id}/rotate", Admin, post(ui::settings::webhooks::rotate)),
        screen(Method::POST, "/settings/webhooks/{id}/test", Admin, post(ui::settings::webhooks::test)),
        screen(Method::POST, "/settings/webhooks/{id}/resend/{message}", Admin, post(ui::settings::webhooks::resend)),
        screen(Method::GET, "/settings/webhooks/{id}/delete", Admin, get(ui::settings::webhooks::delete_page)),
        screen(Method::POST, "/settings/webhooks/{id}/delete", Admin, post(ui::settings::webhooks::delete)),
    ]
}
