"""
deploy/monitoring/: what Prometheus and Grafana ask for is what /metrics exports.
"""

import json
import re

import yaml
from django.conf import settings
from django.test import SimpleTestCase, TestCase

from twitter.metrics import GAUGES
from utils.observability.metrics import exposition

MONITORING = settings.BASE_DIR / "deploy" / "monitoring"
# What Prometheus itself adds for each target.
OF_PROMETHEUS = {"up"}
SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("",), "gauge": ("",)}
FUNCTIONS = {"absent", "avg", "histogram_quantile", "increase", "max", "rate", "sum", "time"}
WORDS = {"by", "or", "and", "unless", "without"}
DURATION = re.compile(r"\d+[smhd]")


def exported():
    """
    Return {name of a family: names of its series}, as /metrics has them even before anything was counted.
    """
    text = exposition(GAUGES)
    kinds = re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE)
    return {name: {f"{name}{suffix}" for suffix in SUFFIXES[kind]} for name, kind in kinds}


def series_in(expression):
    """
    Return the names of series in an expression of Prometheus' language.

    :raises ValueError: brackets or quotes do not match, or a function is none of FUNCTIONS.
    """
    rest = re.sub(r'"[^"]*"', "", expression)
    for pattern in (r"\{[^{}\"]*\}", r"\[\d+[smhd]\]", r"\b(?:by|without)\s*\([\w\s,]*\)"):
        rest = re.sub(pattern, " ", rest)
    if rest.count("(") != rest.count(")") or re.search(r'["{}\[\]]', rest):
        raise ValueError(f"brackets or quotes do not match: {expression}")
    called = set(re.findall(r"\b([a-z_]\w*)\s*\(", rest)) - WORDS
    if called - FUNCTIONS:
        raise ValueError(f"no such function: {called - FUNCTIONS}")
    return set(re.findall(r"\b[a-z_]\w*", rest)) - called - WORDS


def alert_rules():
    groups = yaml.safe_load((MONITORING / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def dashboard_expressions():
    panels = json.loads((MONITORING / "dashboard.json").read_text())["panels"]
    return [target["expr"] for panel in panels for target in panel["targets"]]


class NamesTests(TestCase):
    def test_each_alert_leads_to_its_runbook(self):
        headings = re.findall(r"^### (\w+)$", (settings.BASE_DIR / "docs" / "runbooks.md").read_text(), re.MULTILINE)

        for rule in alert_rules():
            with self.subTest(alert=rule["alert"]):
                self.assertIn(rule["alert"], headings)
                self.assertEqual(rule["annotations"]["runbook"], f"docs/runbooks.md#{rule['alert'].lower()}")

    def test_alerts_and_dashboard_ask_for_series_that_exist(self):
        known = set().union(*exported().values()) | OF_PROMETHEUS

        for expression in [*(rule["expr"] for rule in alert_rules()), *dashboard_expressions()]:
            with self.subTest(expression=expression):
                self.assertTrue(series_in(expression))
                self.assertEqual(series_in(expression) - known, set())

    def test_whatever_is_exported_is_on_the_dashboard(self):
        shown = set().union(*map(series_in, dashboard_expressions()))

        self.assertEqual([name for name, series in exported().items() if not series & shown], [])


class GrammarTests(SimpleTestCase):
    def test_an_alert_says_when_how_urgent_and_what(self):
        names = [rule["alert"] for rule in alert_rules()]

        self.assertEqual(len(names), len(set(names)))
        for rule in alert_rules():
            with self.subTest(alert=rule["alert"]):
                self.assertLessEqual(set(rule), {"alert", "expr", "for", "labels", "annotations"})
                self.assertIn(rule["labels"]["severity"], {"page", "ticket"})
                self.assertTrue(rule["annotations"]["summary"])
                self.assertRegex(rule.get("for", "0s"), DURATION)

    def test_what_does_not_parse_is_found(self):
        for expression in ("sum(rate(a_total[5m])", 'a{b="c} > 1', "a{b > 1", "frobnicate(a)"):
            with self.subTest(expression=expression), self.assertRaises(ValueError):
                series_in(expression)

    def test_the_scraper_shows_its_token_and_reads_the_rules(self):
        config = yaml.safe_load((MONITORING / "prometheus.yml").read_text())
        (job,) = config["scrape_configs"]

        self.assertEqual(config["rule_files"], ["alerts.yml"])
        self.assertEqual((job["job_name"], job["metrics_path"]), ("twitter", "/metrics"))
        self.assertEqual(job["authorization"], {"type": "Bearer", "credentials_file": "metrics_token"})

    def test_panels_have_places_of_their_own(self):
        panels = json.loads((MONITORING / "dashboard.json").read_text())["panels"]
        squares = [
            (x, y)
            for place in (panel["gridPos"] for panel in panels)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        ]

        self.assertEqual(len(squares), len(set(squares)))
        self.assertLess(max(x for x, _ in squares), 24)
