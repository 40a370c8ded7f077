"""The pages of the signed-in team."""

from __future__ import annotations

from django.urls import path

from offcut.server.website.dashboard.views import (
    improvement,
    notices,
    orders,
    overview,
    plan,
    statement,
    usage,
)

app_name = "dashboard"

urlpatterns = [
    path("dashboard/", overview.overview, name="overview"),
    path("dashboard/usage/", usage.usage, name="usage"),
    path("dashboard/usage.csv", usage.usage_file, name="usage_file"),
    path("dashboard/statement/", statement.statement, name="statement"),
    path("dashboard/plan/", plan.plan, name="plan"),
    path("dashboard/plan/<int:plan_id>/", plan.choose, name="choose_plan"),
    path("dashboard/plan/cancel/", plan.cancel, name="cancel_plan"),
    path("dashboard/plan/resume/", plan.resume, name="resume_plan"),
    path("dashboard/packs/<int:pack_id>/", plan.buy_pack, name="buy_pack"),
    path("dashboard/orders/", orders.listing, name="orders"),
    path("dashboard/orders/<int:order_id>/", orders.order, name="order"),
    path("dashboard/orders/<int:order_id>/cancel/", orders.cancel, name="cancel_order"),
    path("dashboard/orders/<int:order_id>/refund/", orders.ask_refund, name="ask_refund"),
    path("dashboard/invoices/<int:invoice_id>.pdf", orders.invoice, name="invoice"),
    path("dashboard/notices/", notices.notices, name="notices"),
    path("dashboard/notices/seen/", notices.seen, name="seen"),
    path("dashboard/improvement/", improvement.improvement, name="improvement"),
    path("dashboard/improvement/<uuid:submission_id>/take-back/", improvement.take_back, name="take_back"),
]
