// What most tests include, compiled once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cmake/assay_pch.h"
