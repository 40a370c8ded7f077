"""The pages about people and teams."""

from __future__ import annotations

from django.urls import path

from offcut.server.accounts.views import invitations, keys, person, sign_in, team

app_name = "accounts"

urlpatterns = [
    path("account/", person.overview, name="overview"),
    path("account/export/", person.export, name="export"),
    path("account/delete/", person.delete, name="delete"),
    path("sign-in/once/<str:token>/", sign_in.once, name="sign_in_once"),
    path("team/", team.people, name="team"),
    path("team/new/", team.new, name="new_team"),
    path("team/switch/", team.switch, name="switch_team"),
    path("team/rename/", team.rename, name="rename_team"),
    path("team/api-images/", team.api_images, name="api_images"),
    path("team/close/", team.close, name="close_team"),
    path("team/members/<int:membership_id>/role/", team.role, name="change_role"),
    path("team/members/<int:membership_id>/remove/", team.remove, name="remove_member"),
    path("team/invite/", invitations.send, name="invite"),
    path("team/invitations/<int:invitation_id>/withdraw/", invitations.withdraw, name="withdraw_invitation"),
    path("invitations/<int:invitation_id>/answer/", invitations.answer, name="answer_invitation"),
    path("invitations/<str:token>/", invitations.by_link, name="invitation"),
    path("keys/", keys.listing, name="keys"),
    path("keys/<int:key_id>/revoke/", keys.revoke, name="revoke_key"),
    path("keys/<int:key_id>/take-over/", keys.take_over, name="take_over_key"),
]
