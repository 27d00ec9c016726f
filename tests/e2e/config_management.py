"""ConfigManagement: a test of provisioners on a guest of its own, with farmctl and with packer."""

import json
import shutil
import unittest

from case import PACKER, Case
from guest import Guest


def needs(*programs):
    missing = [program for program in programs if not shutil.which(program)]
    return unittest.skipIf(missing, "not installed (ops/deps): %s" % ", ".join(missing))


class ConfigManagement(Case):
    def guest(self, *stand_ins, **more):
        self.machine = Guest(self, stand_ins, **more)
        return self.machine

    def build(self, *provisioners, program="farmctl", code=0, builder=None, flags=(), **options):
        template = {"builders": [builder or self.machine.builder()],
                    "provisioners": list(provisioners)}
        self.write("t.json", json.dumps(template))
        done = getattr(self, program)("build", "-color=false", *flags, "t.json", deadline=180, **options)
        # Not assertEqual: Ansible's help fills screens.
        self.assertTrue(done.code == code, str(done)[-4000:])
        return done

    def both(self, *provisioners, clean):
        """The record of the stand-ins and what `clean` gives and removes, per program."""
        found = {}
        for program in ["farmctl"] + (["packer"] if PACKER else []):
            done = self.build(*provisioners, program=program)
            found[program] = (self.machine.take_record(), clean(), done)
        if PACKER:
            self.assertEqual(found["farmctl"][0], found["packer"][0])
            self.assertEqual(found["farmctl"][1], found["packer"][1])
        return found["farmctl"]
