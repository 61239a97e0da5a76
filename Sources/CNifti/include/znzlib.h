// libnifti includes its neighbour as <znzlib.h>, which Debian keeps in the folder nifti.
#pragma once
#include <nifti/znzlib.h>
