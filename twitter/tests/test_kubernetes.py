"""
deploy/kubernetes runs what the supervisor runs, confined, watched and limited; deploy/manifests.sh holds it against
Kubernetes' own schemas.
"""

from pathlib import Path

import yaml
from django.conf import settings
from django.test import SimpleTestCase

from testing.stack_processes import production_command
from testing.tests import doc_names

KUBERNETES = settings.BASE_DIR / "deploy" / "kubernetes"
PROCESSES = {"web", "fanout", "default", "relay", "beat"}


def objects(kind):
    """
    Return {name: object} of one kind in the base.
    """
    found = [each for file in (KUBERNETES / "base").glob("*.yaml") for each in yaml.safe_load_all(file.read_text())]
    return {
        each["metadata"]["name"]: each for each in found if each["kind"] == kind and each["metadata"]["name"] != "any"
    }


def pod(deployment):
    return deployment["spec"]["template"]["spec"]


def patch(name):
    return pod(yaml.safe_load((KUBERNETES / "base" / name).read_text()))


class ManifestTests(SimpleTestCase):
    def setUp(self):
        self.containers = {name: pod(found)["containers"][0] for name, found in objects("Deployment").items()}

    def test_the_processes_are_those_of_the_supervisor_by_the_same_commands(self):
        self.assertEqual(set(self.containers), PROCESSES)
        for name in PROCESSES - {"web"}:
            # Without setpriv, which ends it with the supervisor.
            program, *arguments = production_command(name)[3:]

            self.assertEqual(self.containers[name]["command"], [Path(program).name, *arguments])

    def test_each_is_asked_whether_it_is_well(self):
        for name in PROCESSES - {"web"}:
            command = self.containers[name]["livenessProbe"]["exec"]["command"]
            self.assertEqual(command, ["python", "deploy/healthcheck.py", name])
        web = self.containers["web"]
        paths = [web[f"{probe}Probe"]["httpGet"]["path"] for probe in ("startup", "liveness", "readiness")]
        self.assertEqual(paths, ["/livez", "/livez", "/readyz"])

    def test_each_has_requests_and_limits_and_a_budget_of_disruption(self):
        for container in self.containers.values():
            self.assertEqual(set(container["resources"]["requests"]), {"cpu", "memory"})
            self.assertIn("memory", container["resources"]["limits"])
        self.assertEqual(set(objects("PodDisruptionBudget")), PROCESSES)

    def test_each_is_spread_over_hosts_and_zones(self):
        for deployment in objects("Deployment").values():
            keys = [each["topologyKey"] for each in pod(deployment)["topologySpreadConstraints"]]
            self.assertEqual(keys, ["kubernetes.io/hostname", "topology.kubernetes.io/zone"])

    def test_no_single_process_is_irreplaceable(self):
        replicas = {name: found["spec"].get("replicas") for name, found in objects("Deployment").items()}

        # How many web servers, the autoscaler says.
        self.assertIsNone(replicas.pop("web"))
        self.assertEqual(objects("HorizontalPodAutoscaler")["web"]["spec"]["minReplicas"], 2)
        self.assertEqual([name for name, count in replicas.items() if count < 2], [])

    def test_each_container_is_confined(self):
        common, waiting = patch("pod.yaml"), patch("waiting.yaml")

        self.assertTrue(common["securityContext"]["runAsNonRoot"])
        self.assertFalse(common["automountServiceAccountToken"])
        for container in (common["containers"][0], waiting["initContainers"][0]):
            confined = {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            self.assertEqual(container["securityContext"], confined)

    def test_what_is_configured_are_knobs_and_no_secret(self):
        files = KUBERNETES.rglob("kustomization.yaml")
        generators = [each for file in files for each in yaml.safe_load(file.read_text()).get("configMapGenerator", ())]
        names = {line.partition("=")[0] for generator in generators for line in generator["literals"]}

        self.assertEqual(names - doc_names.knobs(), set())
        self.assertEqual(
            [name for name in names if name.endswith(("_KEY", "_TOKEN", "_PASSWORD", "_URL"))], ["S3_ENDPOINT_URL"]
        )
        self.assertEqual(objects("Secret"), {})
