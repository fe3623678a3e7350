//! Accounts, groups, tokens, settings, the journal.

use axum::http::Method;
use axum::routing::{delete, get, patch, post, put};
use model::Role::{Admin, Lead, Reader};

use super::{ApiRoute, UiRoute, route, screen};
use crate::{api, metrics, openapi, ui};
use app::account::group::{GroupInput, GroupQuery, GroupView, MembersInput};
use app::account::token::{NewTokenView, TokenInput, TokenQuery, TokenView};
use app::account::{AccountInput, AccountPatch, AccountQuery, AccountView, PasswordChange, PersonView, ProfilePatch, ProfileView};
use app::case::{BreakGlass, CaseView};
use app::journal::{HeadView, VerificationView, VerifyQuery};

pub(super) fn api() -> Vec<ApiRoute> {
    vec![
        // One's own
        route(Method::GET, "/me", Reader, "Show one's own account", get(api::account::me)).answers::<ProfileView>(),
        route(Method::PATCH, "/me", Reader, "Change one's own profile", patch(api::account::update_me))
            .body::<ProfilePatch>()
            .answers::<ProfileView>(),
        route(Method::POST, "/me/password", Reader, "Change one's own password", post(api::account::change_password))
            .body::<PasswordChange>(),
        route(Method::GET, "/me/preferences/{name}", Reader, "Show what a screen remembers", get(api::account::preference)),
        route(Method::PUT, "/me/preferences/{name}", Reader, "Set what a screen remembers", put(api::account::set_preference)),
        route(Method::GET, "/people", Reader, "Find whom a case can be assigned to", get(api::account::people))
            .query::<api::account::PeopleQuery>()
            .pages::<PersonView>(),
        // Accounts
        route(Method::GET, "/accounts", Admin, "List accounts", get(api::account::list)).query::<AccountQuery>().pages::<AccountView>(),
        route(Method::POST, "/accounts", Admin, "Create an account", post(api::account::create))
            .body::<AccountInput>()
            .answers::<AccountView>(),
        route(Method::GET, "/accounts/{name}", Admin, "Show an account", get(api::account::show)).answers::<AccountView>(),
        route(Method::PATCH, "/accounts/{name}", Admin, "Change an account", patch(api::account::update))
            .body::<AccountPatch>()
            .answers::<AccountView>(),
        // Groups
        route(Method::GET, "/groups", Reader, "List groups", get(api::group::list)).query::<GroupQuery>().pages::<GroupView>(),
        route(Method::POST, "/groups", Admin, "Create a group", post(api::group::create)).body::<GroupInput>().answers::<GroupView>(),
        route(Method::GET, "/groups/{name}", Reader, "Show a group", get(api::group::show)).answers::<GroupView>(),
        route(Method::PUT, "/groups/{name}", Admin, "Say who is in a group", put(api::group::set_members))
            .body::<MembersInput>()
            .answers::<GroupView>(),
        // Tokens
        route(Method::GET, "/tokens", Reader, "List API tokens", get(api::token::list)).query::<TokenQuery>().pages::<TokenView>(),
        route(Method::POST, "/tokens", Reader, "Make an API token", post(api::token::create))
            .body::<TokenInput>()
            .answers::<NewTokenView>(),
        route(Method::DELETE, "/tokens/{id}", Reader, "Revoke an API token", delete(api::token::revoke)).answers::<TokenView>(),
        // The journal
        route(Method::GET, "/journal/head", Lead, "Show the journal's head", get(api::journal::head)).answers::<HeadView>(),
        route(Method::GET, "/journal/verify", Lead, "Verify the journal's chain", get(api::journal::verify))
            .query::<VerifyQuery>()
            .answers::<VerificationView>(),
        route(Method::POST, "/cases/{number}/break-glass", Admin, "Enter a restricted case", post(api::journal::break_glass))
            .body::<BreakGlass>()
            .answers::<CaseView>(),
    ]
}

pub(super) fn ui() -> Vec<UiRoute> {
    vec![
        screen(Method::GET, "/palette", Reader, get(ui::palette::find)),
        screen(Method::GET, "/metrics", Reader, get(metrics::get)),
        screen(Method::GET, "/api/openapi.json", None, get(openapi::get)),
        screen(Method::GET, "/api/docs", None, get(ui::docs::show)),
        // One's own
        screen(Method::GET, "/settings", Reader, get(ui::settings::profile)),
        screen(Method::POST, "/settings", Reader, post(ui::settings::save_profile)),
        screen(Method::POST, "/settings/password", Reader, post(ui::settings::change_password)),
        screen(Method::GET, "/settings/tokens", Reader, get(ui::settings::tokens::list)),
        screen(Method::POST, "/settings/tokens", Reader, post(ui::settings::tokens::create)),
        screen(Method::GET, "/settings/tokens/{id}/revoke", Reader, get(ui::settings::tokens::revoke_page)),
        screen(Method::POST, "/settings/tokens/{id}/revoke", Reader, post(ui::settings::tokens::revoke)),
        // Accounts and groups
        screen(Method::GET, "/settings/accounts", Admin, get(ui::settings::accounts::list)),
        screen(Method::GET, "/settings/accounts/new", Admin, get(ui::settings::accounts::new_page)),
        screen(Method::POST, "/settings/accounts/new", Admin, post(ui::settings::accounts::create)),
        screen(Method::GET, "/settings/accounts/{name}/edit", Admin, get(ui::settings::accounts::edit_page)),
        screen(Method::POST, "/settings/accounts/{name}/edit", Admin, post(ui::settings::accounts::edit)),
        screen(Method::POST, "/settings/accounts/{name}/password", Admin, post(ui::settings::accounts::set_password)),
        screen(Method::GET, "/settings/groups", Admin, get(ui::settings::groups::list)),
        screen(Method::POST, "/settings/groups", Admin, post(ui::settings::groups::create)),
        screen(Method::GET, "/settings/groups/{name}", Admin, get(ui::settings::groups::show)),
        screen(Method::POST, "/settings/groups/{name}", Admin, post(ui::settings::groups::set_members)),
        // The journal
        screen(Method::GET, "/settings/journal", Lead, get(ui::settings::journal::show)),
        screen(Method::GET, "/settings/break-glass", Admin, get(ui::settings::break_glass::show)),
        screen(Method::POST, "/settings/break-glass", Admin, post(ui::settings::break_glass::enter)),
    ]
}
