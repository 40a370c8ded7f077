"""The PDF of an invoice, made from what the invoice keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from fpdf import FPDF
from fpdf.enums import XPos, YPos

from offcut.errors import PaymentError
from offcut.server.payments.models import Invoice

_FONTS = (
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "/usr/share/fonts/dejavu/DejaVuSans.ttf",
    "/usr/share/fonts/TTF/DejaVuSans.ttf",
    "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf",
    "/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf",
)


def invoice_pdf(invoice: Invoice) -> bytes:
    """Return the invoice as a PDF of one page or more.

    Raises PaymentError when a name needs letters that no font on this machine has.
    """
    page = FPDF(format="A4")
    page.set_creation_date(invoice.issued_at)
    page.set_title(f"{_title(invoice)} {invoice.number}")
    page.set_margin(20)
    page.add_page()
    family = _set_font(page, invoice)
    _heading(page, family, invoice)
    _parties(page, family, invoice)
    _table(page, family, invoice)
    _foot(page, family, invoice)
    return bytes(page.output())


def money(amount: int, currency: str) -> str:
    """Write 1/100 of money as people read it: 900, "USD" becomes "9.00 USD"."""
    sign = "-" if amount < 0 else ""
    return f"{sign}{abs(amount) // 100:,}.{abs(amount) % 100:02d} {currency}"


def _title(invoice: Invoice) -> str:
    return "Credit note" if invoice.is_credit_note else "Invoice"


def _set_font(page: FPDF, invoice: Invoice) -> str:
    chosen = settings.INVOICE_FONT or next((path for path in _FONTS if Path(path).is_file()), "")
    if chosen:
        page.add_font("invoice", fname=chosen)
        return "invoice"
    words = " ".join([*map(str, invoice.seller.values()), *map(str, invoice.buyer.values()), invoice.note])
    words += " ".join(line["title"] for line in invoice.lines)
    try:
        words.encode("latin-1")
    except UnicodeEncodeError:
        raise PaymentError(
            "This invoice has letters that need another font.",
            hint="Set OFFCUT_INVOICE_FONT to a TrueType font file that has them.",
        ) from None
    return "helvetica"


def _line(page: FPDF, text: str) -> None:
    page.multi_cell(0, 5, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _heading(page: FPDF, family: str, invoice: Invoice) -> None:
    page.set_font(family, size=20)
    page.cell(0, 12, _title(invoice), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    page.set_font(family, size=10)
    _line(page, f"Number {invoice.number}")
    _line(page, f"Date {invoice.issued_at:%Y-%m-%d}")
    _line(page, f"Order {invoice.order_id}")
    if invoice.is_credit_note:
        first = Invoice.objects.filter(order_id=invoice.order_id, is_credit_note=False).first()
        _line(page, f"Takes back invoice {first.number if first else ''}")
    page.ln(8)


def _parties(page: FPDF, family: str, invoice: Invoice) -> None:
    for heading, party in (("From", invoice.seller), ("To", invoice.buyer)):
        page.set_font(family, size=8)
        _line(page, heading)
        page.set_font(family, size=10)
        for text in _party(party):
            _line(page, text)
        page.ln(4)


def _party(party: dict[str, Any]) -> list[str]:
    rows = [party["name"], *party["address"].splitlines(), party["country"]]
    if party["tax_number"]:
        rows.append(f"Tax number {party['tax_number']}")
    return [row for row in rows if row]


def _table(page: FPDF, family: str, invoice: Invoice) -> None:
    page.set_font(family, size=10)
    rows = [("What", "Credits", "Price")]
    rows += [
        (line["title"], line["credits"], money(line["price"], invoice.currency)) for line in invoice.lines
    ]
    with page.table(
        rows, col_widths=(90, 35, 45), text_align=("LEFT", "RIGHT", "RIGHT"), first_row_as_headings=False
    ):
        pass
    page.ln(4)


def _foot(page: FPDF, family: str, invoice: Invoice) -> None:
    page.set_font(family, size=10)
    rate = f"{invoice.tax_rate / 100:g} %"
    for label, amount in (
        ("Net", invoice.net),
        (f"{invoice.seller['tax_name']} {rate}", invoice.tax),
        ("Total", invoice.total),
    ):
        page.cell(125, 6, label, align="R")
        page.cell(45, 6, money(amount, invoice.currency), align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    page.ln(6)
    if invoice.note:
        _line(page, invoice.note)
